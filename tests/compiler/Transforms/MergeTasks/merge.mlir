// RUN: qtc-opt %s -merge-tasks=min-group=2 -split-input-file | FileCheck %s
// RUN: qtc-opt %s -merge-tasks=min-group=3 -split-input-file | FileCheck %s --check-prefix=FEW

// What differs becomes an argument, once if two constants always have the same
// value; what is equal stays.

// CHECK-LABEL: llvm.func internal @rows(
//  CHECK-SAME:   %[[X:.+]]: !llvm.ptr {llvm.noalias}, %[[N:[^:]+]]: i64, %[[WIDTH:[^:]+]]: i64) -> i64
//       CHECK:   %[[TWO:.+]] = llvm.mlir.constant(2 : i64)
//       CHECK:   llvm.mul %[[N]], %[[WIDTH]] : i64
//       CHECK:   llvm.icmp "slt" %{{.+}}, %[[WIDTH]] : i64
//       CHECK:   llvm.add %{{.+}}, %[[TWO]] : i64
//   CHECK-NOT: llvm.func internal
// CHECK-LABEL: llvm.func @step(
//       CHECK:   %[[A:.+]] = llvm.mlir.constant(64 : i64)
//       CHECK:   llvm.call @rows(%{{.+}}, %{{.+}}, %[[A]])
//       CHECK:   %[[B:.+]] = llvm.mlir.constant(96 : i64)
//       CHECK:   llvm.call @rows(%{{.+}}, %{{.+}}, %[[B]])

// Two are too few.

// FEW-LABEL: llvm.func internal @rows(
// FEW-LABEL: llvm.func internal @other_rows(
llvm.func internal @rows(%x: !llvm.ptr {llvm.noalias}, %n: i64) -> i64 {
  %width = llvm.mlir.constant(64 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  %0 = llvm.mul %n, %width : i64
  %1 = llvm.icmp "slt" %0, %width : i64
  %2 = llvm.add %0, %two : i64
  %3 = llvm.select %1, %0, %2 : i1, i64
  llvm.return %3 : i64
}
llvm.func internal @other_rows(%x: !llvm.ptr {llvm.noalias}, %n: i64) -> i64 {
  %width = llvm.mlir.constant(96 : i64) : i64
  %two = llvm.mlir.constant(2 : i64) : i64
  %0 = llvm.mul %n, %width : i64
  %1 = llvm.icmp "slt" %0, %width : i64
  %2 = llvm.add %0, %two : i64
  %3 = llvm.select %1, %0, %2 : i1, i64
  llvm.return %3 : i64
}
llvm.func @step(%x: !llvm.ptr, %n: i64) {
  %0 = llvm.call @rows(%x, %n) : (!llvm.ptr, i64) -> i64
  %1 = llvm.call @other_rows(%x, %n) : (!llvm.ptr, i64) -> i64
  llvm.return
}

// -----

// Of tasks, which return nothing, too: a float and an offset.

// CHECK-LABEL: llvm.func internal @store_at_64(%{{.+}}: !llvm.ptr, %{{.+}}: i64, %{{.+}}: f32)
//   CHECK-NOT: llvm.func internal
//       CHECK: llvm.func @step(
llvm.func internal @store_at_64(%x: !llvm.ptr) {
  %at = llvm.mlir.constant(64 : i64) : i64
  %value = llvm.mlir.constant(0.5 : f32) : f32
  %0 = llvm.getelementptr %x[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  llvm.store %value, %0 : f32, !llvm.ptr
  llvm.return
}
llvm.func internal @store_at_96(%x: !llvm.ptr) {
  %at = llvm.mlir.constant(96 : i64) : i64
  %value = llvm.mlir.constant(0.25 : f32) : f32
  %0 = llvm.getelementptr %x[%at] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  llvm.store %value, %0 : f32, !llvm.ptr
  llvm.return
}
llvm.func @step(%x: !llvm.ptr) {
  llvm.call @store_at_64(%x) : (!llvm.ptr) -> ()
  llvm.call @store_at_96(%x) : (!llvm.ptr) -> ()
  llvm.return
}

// -----

// Equal functions become one, however few there are.

// FEW-LABEL: llvm.func internal @a(
//   FEW-NOT: llvm.func internal @b(
//       FEW: llvm.call @a(
//       FEW: llvm.call @a(
llvm.func internal @a(%n: i64) -> i64 {
  %c = llvm.mlir.constant(64 : i64) : i64
  %0 = llvm.mul %n, %c : i64
  llvm.return %0 : i64
}
llvm.func internal @b(%n: i64) -> i64 {
  %c = llvm.mlir.constant(64 : i64) : i64
  %0 = llvm.mul %n, %c : i64
  llvm.return %0 : i64
}
llvm.func @step(%n: i64) {
  %0 = llvm.call @a(%n) : (i64) -> i64
  %1 = llvm.call @b(%n) : (i64) -> i64
  llvm.return
}

// -----

// Divisors and bounds of short loops stay; so do functions whose address is
// taken, and those with other attributes.

// CHECK-LABEL: llvm.func internal @divide_by_3(
// CHECK-LABEL: llvm.func internal @divide_by_5(
// CHECK-LABEL: llvm.func internal @below_3(
// CHECK-LABEL: llvm.func internal @below_5(
// CHECK-LABEL: llvm.func internal @taken(
// CHECK-LABEL: llvm.func internal @aligned(
llvm.func internal @divide_by_3(%n: i64) -> i64 {
  %c = llvm.mlir.constant(3 : i64) : i64
  %0 = llvm.udiv %n, %c : i64
  llvm.return %0 : i64
}
llvm.func internal @divide_by_5(%n: i64) -> i64 {
  %c = llvm.mlir.constant(5 : i64) : i64
  %0 = llvm.udiv %n, %c : i64
  llvm.return %0 : i64
}
llvm.func internal @below_3(%n: i64) -> i1 {
  %c = llvm.mlir.constant(3 : i64) : i64
  %0 = llvm.icmp "slt" %n, %c : i64
  llvm.return %0 : i1
}
llvm.func internal @below_5(%n: i64) -> i1 {
  %c = llvm.mlir.constant(5 : i64) : i64
  %0 = llvm.icmp "slt" %n, %c : i64
  llvm.return %0 : i1
}
llvm.func internal @taken(%x: !llvm.ptr) {
  llvm.return
}
llvm.func internal @untaken(%x: !llvm.ptr) {
  llvm.return
}
llvm.func internal @aligned(%x: !llvm.ptr {llvm.align = 64 : i64}) {
  llvm.return
}
llvm.func @step(%x: !llvm.ptr, %n: i64) -> !llvm.ptr {
  %0 = llvm.call @divide_by_3(%n) : (i64) -> i64
  %1 = llvm.call @divide_by_5(%n) : (i64) -> i64
  %2 = llvm.call @below_3(%n) : (i64) -> i1
  %3 = llvm.call @below_5(%n) : (i64) -> i1
  llvm.call @taken(%x) : (!llvm.ptr) -> ()
  llvm.call @untaken(%x) : (!llvm.ptr) -> ()
  llvm.call @aligned(%x) : (!llvm.ptr) -> ()
  %4 = llvm.mlir.addressof @taken : !llvm.ptr
  llvm.return %4 : !llvm.ptr
}

// -----

// Kernels, which have vectors, are merged however few there are, with the bounds
// of their loops and the indices of their addresses.

// FEW-LABEL: llvm.func internal @vector_64(
//  FEW-SAME:   %[[X:[^ ]+]]: !llvm.ptr, %[[N:[^ ]+]]: i64, %[[STRIDE:[^ ]+]]: i64, %[[INDEX:[^ ]+]]: i64, %[[BOUND:[^ ]+]]: i64)
//       FEW:   llvm.mul %[[N]], %[[STRIDE]] : i64
//       FEW:   llvm.getelementptr inbounds %{{.+}}[%[[INDEX]]] : (!llvm.ptr, i64) -> !llvm.ptr, i32
//       FEW:   llvm.icmp "slt" %[[N]], %[[BOUND]]
//   FEW-NOT: llvm.func internal
// FEW-LABEL: llvm.func @step(
//       FEW:   %[[STRIDE:.+]] = llvm.mlir.constant(96 : i64)
//       FEW:   %[[INDEX:.+]] = llvm.mlir.constant(7 : i64)
//       FEW:   %[[BOUND:.+]] = llvm.mlir.constant(4 : i64)
//       FEW:   llvm.call @vector_64(%{{.+}}, %{{.+}}, %[[STRIDE]], %[[INDEX]], %[[BOUND]])
llvm.func internal @vector_64(%x: !llvm.ptr, %n: i64) -> i1 {
  %c = llvm.mlir.constant(64 : i64) : i64
  %bound = llvm.mlir.constant(3 : i64) : i64
  %0 = llvm.mul %n, %c : i64
  %1 = llvm.getelementptr %x[%0] : (!llvm.ptr, i64) -> !llvm.ptr, i32
  %2 = llvm.getelementptr inbounds %1[5] : (!llvm.ptr) -> !llvm.ptr, i32
  %3 = llvm.load %2 : !llvm.ptr -> vector<4xi32>
  llvm.store %3, %1 : vector<4xi32>, !llvm.ptr
  %4 = llvm.icmp "slt" %n, %bound : i64
  llvm.return %4 : i1
}
llvm.func internal @vector_96(%x: !llvm.ptr, %n: i64) -> i1 {
  %c = llvm.mlir.constant(96 : i64) : i64
  %bound = llvm.mlir.constant(4 : i64) : i64
  %0 = llvm.mul %n, %c : i64
  %1 = llvm.getelementptr %x[%0] : (!llvm.ptr, i64) -> !llvm.ptr, i32
  %2 = llvm.getelementptr inbounds %1[7] : (!llvm.ptr) -> !llvm.ptr, i32
  %3 = llvm.load %2 : !llvm.ptr -> vector<4xi32>
  llvm.store %3, %1 : vector<4xi32>, !llvm.ptr
  %4 = llvm.icmp "slt" %n, %bound : i64
  llvm.return %4 : i1
}
llvm.func @step(%x: !llvm.ptr, %n: i64) {
  %0 = llvm.call @vector_64(%x, %n) : (!llvm.ptr, i64) -> i1
  %1 = llvm.call @vector_96(%x, %n) : (!llvm.ptr, i64) -> i1
  llvm.return
}

// -----

// Addresses of other forms stay: the field of a struct, and a place that
// differs in its type.

// FEW-LABEL: llvm.func internal @field_1(
// FEW-LABEL: llvm.func internal @field_2(
// FEW-LABEL: llvm.func internal @bytes(
// FEW-LABEL: llvm.func internal @words(
llvm.func internal @field_1(%x: !llvm.ptr) -> vector<4xi32> {
  %0 = llvm.getelementptr %x[0, 1] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, i32)>
  %1 = llvm.load %0 : !llvm.ptr -> vector<4xi32>
  llvm.return %1 : vector<4xi32>
}
llvm.func internal @field_2(%x: !llvm.ptr) -> vector<4xi32> {
  %0 = llvm.getelementptr %x[0, 2] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, i32)>
  %1 = llvm.load %0 : !llvm.ptr -> vector<4xi32>
  llvm.return %1 : vector<4xi32>
}
llvm.func internal @bytes(%x: !llvm.ptr) -> vector<4xi32> {
  %0 = llvm.getelementptr %x[3] : (!llvm.ptr) -> !llvm.ptr, i8
  %1 = llvm.load %0 : !llvm.ptr -> vector<4xi32>
  llvm.return %1 : vector<4xi32>
}
llvm.func internal @words(%x: !llvm.ptr) -> vector<4xi32> {
  %0 = llvm.getelementptr %x[4] : (!llvm.ptr) -> !llvm.ptr, i32
  %1 = llvm.load %0 : !llvm.ptr -> vector<4xi32>
  llvm.return %1 : vector<4xi32>
}
llvm.func @step(%x: !llvm.ptr) {
  %0 = llvm.call @field_1(%x) : (!llvm.ptr) -> vector<4xi32>
  %1 = llvm.call @field_2(%x) : (!llvm.ptr) -> vector<4xi32>
  %2 = llvm.call @bytes(%x) : (!llvm.ptr) -> vector<4xi32>
  %3 = llvm.call @words(%x) : (!llvm.ptr) -> vector<4xi32>
  llvm.return
}
