// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx512vnni -cse | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-vector=isa=avxvnni -cse \
// RUN:   | FileCheck %s --check-prefix=VNNI256
// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx2 -cse \
// RUN:   | FileCheck %s --check-prefix=AVX2
// RUN: qtc-opt %s -convert-contract-to-vector=isa=avx512 -cse \
// RUN:   | FileCheck %s --check-prefix=AVX512

// A tile of accumulators passes through the loop over steps. Its variable is the
// place in A, which advances by a word, and the place in B is carried. The
// maximum of all tasks follows.

//   CHECK-LABEL: func @contract
//    CHECK-SAME:   (%[[A:.+]]: memref<4160xi8>, %[[B:.+]]: memref<1024xi8>, %{{.+}}: memref<64x16xi32>, %[[MAX:.+]]: memref<i32>)
//         CHECK:   memref.store %{{.+}}, %[[MAX]][]
//         CHECK:   qkernel.size 0 = 16
//         CHECK:   scf.parallel
//         CHECK:     %{{.+}}:15 = scf.for %[[AT_A:.+]] = %{{.+}} to %{{.+}} step %c4{{.*}} iter_args(%[[AT_B:[^ ]+]] = {{.+}} -> (index, vector<16xi32>,
//         CHECK:       arith.addi %[[AT_B]], %c64
//         CHECK:       %[[W:.+]] = vector.load %[[B]][%[[AT_B]]] : memref<1024xi8>, vector<64xi8>
//         CHECK:       %[[WEIGHTS:.+]] = vector.bitcast %[[W]]
//         CHECK:       %[[X:.+]] = vector.load %[[A]][%[[AT_A]]] : memref<4160xi8>, vector<4xi8>
//         CHECK:       %[[WORD:.+]] = vector.bitcast %[[X]]
//         CHECK:       %[[ROW:.+]] = vector.broadcast %[[WORD]]
//         CHECK:       llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.+}}, %[[ROW]], %[[WEIGHTS]])
// CHECK-COUNT-13:       llvm.call_intrinsic
//         CHECK:     vector.store
//     CHECK-NOT:     scf.if
//         CHECK:     %[[TASK:.+]] = vector.reduction <maxsi>
//         CHECK:     memref.atomic_rmw maxs %[[TASK]], %[[MAX]][]
//         CHECK:   } {qkernel.kind = "conv2d", qkernel.macs = 65536 : i64}

// VNNI256: "llvm.x86.avx512.vpdpbusd.256"{{.+}} vector<8xi32>

// Bytes are widened to 16 bits where only pairs are multiplied: B once for all
// rows of a task, 16 steps of 16 columns of 4, A in the loop. The memory for
// them has one size for most layers, so that they share tasks.
//   AVX2-LABEL: func @contract
//         AVX2:   scf.parallel
//         AVX2:     %[[WIDE:.+]] = memref.alloca() {alignment = 64 : i64} : memref<32768xi16>
//         AVX2:     scf.for
//         AVX2:       arith.shli {{.+}} vector<16xi16>
//         AVX2:       arith.shrsi {{.+}} vector<16xi16>
//         AVX2:       vector.store {{.+}}, %[[WIDE]]
// AVX2-COUNT-3:       vector.store {{.+}}, %[[WIDE]]
//         AVX2:     scf.for
//         AVX2:       %{{.+}}:9 = scf.for
// AVX2-COUNT-4:         vector.load %[[WIDE]]
//         AVX2:         arith.shrui {{.+}} vector<16xi16>
//     AVX2-NOT:         arith.shrsi
//         AVX2:         llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
//         AVX2:     } {qkernel.kind = "conv2d"
// AVX512: %{{.+}}:13 = scf.for {{.+}} -> (index, vector<16xi32>,
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"(%{{.+}}, %{{.+}}) : (vector<32xi16>, vector<32xi16>) -> vector<16xi32>
func.func @contract(%a: memref<4160xi8>, %b: memref<1024xi8>,
                    %acc: memref<64x16xi32>, %max: memref<i32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>)
    outs(%acc, %max : memref<64x16xi32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>,
     qkernel.kind = "conv2d", qkernel.macs = 65536 : i64}
  return
}

// With few rows B is widened where it is used.

// AVX2-LABEL: func @few_rows
//   AVX2-NOT:   memref.alloca
//       AVX2:   arith.shrsi {{.+}} vector<16xi16>
func.func @few_rows(%a: memref<576xi8>, %b: memref<1024xi8>,
                    %acc: memref<8x16xi32>) {
  qkernel.contract ins(%a, %b : memref<576xi8>, memref<1024xi8>)
    outs(%acc : memref<8x16xi32>)
    {contraction = #qkernel.contraction<rows = [8] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  return
}

// The last tile overlaps the one before it. Both belong to one task: the last
// of three has two tiles of 14 rows and 11 further ones.

// CHECK-LABEL: func @overlap
//       CHECK:   %[[ROWS:.+]] = qkernel.size 15 = 137
//       CHECK:   %[[ROWS_PER_TASK:.+]] = qkernel.size 16 = 42
//       CHECK:   %[[LAST:.+]] = qkernel.size 17 = 2
//       CHECK:   scf.parallel {{.+}} to (%c3{{.*}}) step
//       CHECK:     %[[FIRST:.+]] = arith.muli %[[TASK:.+]], %[[ROWS_PER_TASK]]
//       CHECK:     %[[IS_LAST:.+]] = arith.cmpi eq, %[[TASK]], %[[LAST]]
//       CHECK:     %[[END:.+]] = arith.select %[[IS_LAST]], %[[ROWS]], %
//       CHECK:     scf.for %[[ROW:.+]] = %[[FIRST]] to %[[END]] step %c14
//       CHECK:       %[[START:.+]] = arith.subi %[[ROWS]], %c14
//       CHECK:       arith.minui %[[ROW]], %[[START]]
//       CHECK:       %{{.+}}:15 = scf.for
//   CHECK-NOT:   scf.if
//       CHECK:   return
func.func @overlap(%a: memref<8768xi8>, %b: memref<1024xi8>,
                   %acc: memref<137x16xi32>) {
  qkernel.contract ins(%a, %b : memref<8768xi8>, memref<1024xi8>)
    outs(%acc : memref<137x16xi32>)
    {contraction = #qkernel.contraction<rows = [137] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  return
}

// Rows of several dimensions, in tiles that cross their borders.

// CHECK-LABEL: func @overlap_runs
//       CHECK:   scf.for %[[ROW:.+]] = %{{.+}} step %c14
//       CHECK:     %[[START:.+]] = arith.minui %[[ROW]], %
//       CHECK:     arith.addi %[[START]], %[[START]]
//       CHECK:     arith.mului_extended
//       CHECK:     arith.select
//       CHECK:     %{{.+}}:15 = scf.for
//   CHECK-NOT:   scf.if
//       CHECK:   return
func.func @overlap_runs(%a: memref<8768xi8>, %b: memref<1024xi8>,
                        %acc: memref<136x16xi32>) {
  qkernel.contract ins(%a, %b : memref<8768xi8>, memref<1024xi8>)
    outs(%acc : memref<136x16xi32>)
    {contraction = #qkernel.contraction<rows = [8, 17] strides [1096, 64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  return
}

// Where too many rows would be computed twice, the last ones have a tile of
// their own: 2 after two tiles of 14.

// CHECK-LABEL: func @rest
//       CHECK:   scf.for %{{.+}} step %c14
//   CHECK-NOT:     arith.minui
//       CHECK:     %{{.+}}:15 = scf.for
//       CHECK:   %{{.+}}:3 = scf.for
//       CHECK:   return
func.func @rest(%a: memref<1920xi8>, %b: memref<1024xi8>,
                %acc: memref<30x16xi32>) {
  qkernel.contract ins(%a, %b : memref<1920xi8>, memref<1024xi8>)
    outs(%acc : memref<30x16xi32>)
    {contraction = #qkernel.contraction<rows = [30] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  return
}

// Phases are parts of one parallel loop; one without terms stores zeros.

//   CHECK-LABEL: func @phases
//         CHECK:   scf.parallel
//         CHECK:     scf.if
//         CHECK:       scf.for
//         CHECK:         vpdpbusd
//         CHECK:     } else {
//     CHECK-NOT:       vpdpbusd
//         CHECK:       vector.store %[[ZERO:.+]], %
//         CHECK:       vector.store %[[ZERO]], %
//     CHECK-NOT:   scf.parallel
//         CHECK:   return
func.func @phases(%a: memref<4160xi8>, %b: memref<1024xi8>,
                  %acc: memref<64x16xi32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>)
    outs(%acc : memref<64x16xi32>)
    {contraction = #qkernel.contraction<rows = [32] strides [64] result [32],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>,
     phases = [#qkernel.contraction<rows = [32] strides [64] result [32],
     steps = [0] a [0] b [0], columns = 16 panel 16 stride 1024
     offsets [0, 0, 0, 16]>]}
  return
}

// The last columns are stored under a mask.

// CHECK-LABEL: func @masked
//       CHECK:   vector.maskedstore
func.func @masked(%a: memref<4160xi8>, %b: memref<1024xi8>,
                  %acc: memref<64x10xi32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>)
    outs(%acc : memref<64x10xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64],
     steps = [16] a [4] b [64], columns = 10 panel 16 stride 1024>}
  return
}

// Narrow accumulators: tasks run with the shift that is found, and again if the
// maximum says so.

// CHECK-LABEL: func @narrow
//  CHECK-SAME:   %[[MAX:[^ ]+]]: memref<i32>, %[[SHIFT:[^ ]+]]: memref<i32>)
//       CHECK:   %[[FOUND:.+]] = memref.load %[[SHIFT]][]
//       CHECK:   %[[KEPT:.+]] = scf.while (%[[K:.+]] = %{{.+}}) : (i32) -> i32 {
//       CHECK:     memref.store %{{.+}}, %[[MAX]][]
//       CHECK:     scf.parallel
//       CHECK:       %[[BITS:.+]] = vector.broadcast %[[K]] : i32 to vector<16xi32>
//       CHECK:       arith.shrui %{{.+}}, %[[BITS]]
//       CHECK:       %[[HALF:.+]] = arith.trunci %{{.+}} : vector<16xi32> to vector<16xi16>
//       CHECK:       vector.store %[[HALF]]
//       CHECK:     %[[LARGEST:.+]] = memref.load %[[MAX]][]
//       CHECK:     math.ctlz %[[LARGEST]]
//       CHECK:     scf.condition
//       CHECK:   memref.store %[[KEPT]], %[[SHIFT]][]
func.func @narrow(%a: memref<4160xi8>, %b: memref<1024xi8>,
                  %acc: memref<64x16xi16>, %max: memref<i32>,
                  %shift: memref<i32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<1024xi8>)
    outs(%acc, %max, %shift : memref<64x16xi16>, memref<i32>, memref<i32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64],
     steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
  return
}
