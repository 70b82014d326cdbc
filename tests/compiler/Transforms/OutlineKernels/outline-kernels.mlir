// RUN: qtc-opt %s -outline-kernels -split-input-file | FileCheck %s
// RUN: qtc-opt %s -outline-kernels -convert-qkernel-to-loops -convert-linalg-to-parallel-loops -outline-tasks -canonicalize -split-input-file \
// RUN:   | FileCheck %s --check-prefix=TASKS

// Equal kernels become one function, also of different steps. Constants go into
// it. Another type is another kernel.

//       CHECK: func private @f_kernel(
//  CHECK-SAME:   %[[X:.+]]: memref<8xi32> {llvm.align = 4 : i64}, %[[A:.+]]: memref<i32> {llvm.align = 4 : i64}) attributes {qkernel.kernel}
//       CHECK:   qkernel.max_abs ins(%[[X]] : memref<8xi32>) outs(%[[A]] : memref<i32>)
//       CHECK: func private @[[OTHER:f_kernel_[0-9]+]](%{{.+}}: memref<9xi32> {llvm.align = 4 : i64}
//       CHECK: func @f(
//       CHECK:   call @f_kernel(%arg0, %arg3)
//       CHECK:   call @f_kernel(%arg1, %arg4)
//       CHECK:   call @[[OTHER]](%arg2, %arg3)
// CHECK-LABEL: func @g(
//       CHECK:   call @f_kernel(%arg0, %arg1)

// Launches and their marks come back to the place of each call; each has its
// own entry in the profile.

// TASKS-NOT: qkernel.kernel
//     TASKS: func @f(%[[EXECUTOR:.+]]: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %[[X:.+]]: memref<8xi32>, %[[Y:.+]]: memref<8xi32>
// TASKS-SAME:   qkernel.profile = [{{.+}}, {{.+}}, {{.+}}]
//     TASKS:   qkernel.launch @[[TASK:.+]](%[[X]], %{{.+}}) on %[[EXECUTOR]]
//     TASKS:   qkernel.mark 0 on %[[EXECUTOR]]
//     TASKS:   qkernel.launch @[[TASK]](%[[Y]], %{{.+}}) on %[[EXECUTOR]]
//     TASKS:   qkernel.mark 1 on %[[EXECUTOR]]
//     TASKS:   qkernel.launch
//     TASKS:   qkernel.mark 2 on %[[EXECUTOR]]
//     TASKS: func @g(
//     TASKS:   qkernel.launch @[[TASK]](
//     TASKS:   qkernel.mark 0
func.func @f(%x: memref<8xi32>, %y: memref<8xi32>, %z: memref<9xi32>, %a: memref<i32>, %b: memref<i32>) {
  qkernel.max_abs ins(%x : memref<8xi32>) outs(%a : memref<i32>)
  qkernel.max_abs ins(%y : memref<8xi32>) outs(%b : memref<i32>)
  qkernel.max_abs ins(%z : memref<9xi32>) outs(%a : memref<i32>)
  return
}
func.func @g(%x: memref<8xi32>, %a: memref<i32>) {
  qkernel.max_abs ins(%x : memref<8xi32>) outs(%a : memref<i32>)
  return
}

// -----

#map = affine_map<(d0) -> (d0)>

// Views of one buffer stay known as such, and the arena's places as aligned. A
// scalar that a body uses is passed.

// CHECK-LABEL: func private @views_kernel(
//  CHECK-SAME:   memref<8xi32> {llvm.align = 64 : i64}, %{{.+}}: memref<8xi32> {llvm.align = 64 : i64, qkernel.root = 0 : i64}, %{{.+}}: i32)
//       CHECK:   arith.constant 7 : i32
//       CHECK:   linalg.generic

// Nothing is promised about these in tasks.

// TASKS-LABEL: func private @views_kernel_task(
//   TASKS-NOT:   llvm.noalias
//       TASKS: func @views(
func.func @views(%arena: memref<64xi8>, %s: i32) {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : i32
  %x = memref.view %arena[%c0][] : memref<64xi8> to memref<8xi32>
  %wide = memref.expand_shape %x [[0, 1]] output_shape [2, 4] : memref<8xi32> into memref<2x4xi32>
  %y = memref.collapse_shape %wide [[0, 1]] : memref<2x4xi32> into memref<8xi32>
  linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : memref<8xi32>) outs(%y : memref<8xi32>) {
  ^bb0(%a: i32, %o: i32):
    %0 = arith.addi %a, %s : i32
    %1 = arith.addi %0, %c7 : i32
    linalg.yield %1 : i32
  }
  return
}

// -----

#map = affine_map<(d0) -> (d0)>

// Numbers that only a kernel needs are computed in it, if that takes no more
// arguments: here two from one shift. What others use is passed, and so is a
// number that takes many others.

// CHECK-LABEL: func private @numbers_kernel(
//  CHECK-SAME:   memref<8xi32> {llvm.align = 4 : i64}, %[[SHIFT:[^ ]+]]: i32)
//   CHECK-DAG:   %[[ONE:.+]] = arith.constant 1 : i32
//       CHECK:   %[[HALF:.+]] = arith.shli %[[ONE]], %[[SHIFT]] : i32
//       CHECK:   %[[MASK:.+]] = arith.subi %[[HALF]], %[[ONE]] : i32
//       CHECK:   linalg.generic
//       CHECK:     arith.addi %{{.+}}, %[[HALF]]
//       CHECK:     arith.andi %{{.+}}, %[[MASK]]
// CHECK-LABEL: func private @numbers_kernel_
//  CHECK-SAME:   memref<8xi32> {llvm.align = 4 : i64}, %{{[^ ]+}}: i32)
//   CHECK-NOT:   arith.muli
// CHECK-LABEL: func @numbers(
//   CHECK-NOT:   arith.shli
//       CHECK:   %[[SHARED:.+]] = arith.addi
//       CHECK:   call @numbers_kernel(%{{.+}}, %[[SHARED]])
//       CHECK:   %[[AB:.+]] = arith.muli
//       CHECK:   %[[CD:.+]] = arith.muli
//       CHECK:   %[[PRODUCT:.+]] = arith.muli %[[AB]], %[[CD]]
//       CHECK:   call @numbers_kernel_{{.+}}(%{{.+}}, %[[PRODUCT]])
//       CHECK:   call @numbers_kernel(%{{.+}}, %[[SHARED]])

// The loop's task computes them, too.

//       TASKS: func private @numbers_kernel_task(
//  TASKS-SAME:   %{{[^ ]+}}: index, %{{[^ ]+}}: index, %{{[^ ]+}}: memref<1099511627776xi32> {{[^}]+}}}, %[[SHIFT:[^ ]+]]: i32)
//       TASKS:   %[[HALF:.+]] = arith.shli %{{.+}}, %[[SHIFT]] : i32
//       TASKS:   arith.subi %[[HALF]]
//       TASKS:   scf.for
//       TASKS: func @numbers(
//   TASKS-NOT:   arith.shli
func.func @numbers(%x: memref<8xi32>, %a: i32, %b: i32, %c: i32, %d: i32) {
  %one = arith.constant 1 : i32
  %shift = arith.addi %a, %b : i32
  %half = arith.shli %one, %shift : i32
  %mask = arith.subi %half, %one : i32
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%x : memref<8xi32>) {
  ^bb0(%in: i32):
    %0 = arith.addi %in, %half : i32
    %1 = arith.andi %0, %mask : i32
    linalg.yield %1 : i32
  }
  %ab = arith.muli %a, %b : i32
  %cd = arith.muli %c, %d : i32
  %abcd = arith.muli %ab, %cd : i32
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%x : memref<8xi32>) {
  ^bb0(%in: i32):
    %0 = arith.addi %in, %abcd : i32
    linalg.yield %0 : i32
  }
  %again = arith.shli %one, %shift : i32
  %same = arith.subi %again, %one : i32
  linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%x : memref<8xi32>) {
  ^bb0(%in: i32):
    %0 = arith.addi %in, %again : i32
    %1 = arith.andi %0, %same : i32
    linalg.yield %1 : i32
  }
  return
}
