// RUN: qtc-opt %s -convert-qkernel-to-llvm="isa=avx2 float-peak=1" | FileCheck %s

// Functions become polynomials of products and sums that are rounded apart:
// nothing that some instruction set would need a library for.

// CHECK-LABEL: llvm.func internal @task(
//   CHECK-NOT:   llvm.intr.{{exp|fma|floor|fmuladd}}
//       CHECK:   llvm.fmul
//   CHECK-NOT:   llvm.intr.{{exp|fma|floor|fmuladd}}
//       CHECK:   llvm.return
func.func private @task(%x: memref<8xf32>, %i: index) {
  %0 = memref.load %x[%i] : memref<8xf32>
  %1 = math.exp %0 : f32
  memref.store %1, %x[%i] : memref<8xf32>
  return
}

// The peak of a step of floats is that of multiply-adds.

//   CHECK-LABEL: llvm.func @qtc_avx2_peak(%{{.+}}: i64) -> i32
// CHECK-COUNT-12:   llvm.intr.fmuladd({{.*}}) : (vector<8xf32>, vector<8xf32>, vector<8xf32>) -> vector<8xf32>
//     CHECK-NOT:   llvm.intr.fmuladd
//         CHECK:   llvm.return %{{.+}} : i32
