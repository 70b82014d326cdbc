// RUN: qtc-opt %s -gpu-kernel-outlining -merge-kernels | FileCheck %s

// Workgroup memory is aligned for the widest asynchronous copy.

// CHECK-LABEL: gpu.module @kernels
//       CHECK:   gpu.func @f_kernel(
//  CHECK-SAME:     workgroup(%{{.+}} : memref<64xi8, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
func.func @f(%x: memref<i8>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1)
             workgroup(%shared: memref<64xi8, #gpu.address_space<workgroup>>) {
    %v = memref.load %x[] : memref<i8>
    memref.store %v, %shared[%tx] : memref<64xi8, #gpu.address_space<workgroup>>
    gpu.terminator
  }
  return
}

// Matrices of a warpgroup start where the pattern does in which runs are
// exchanged: 8 rows of 64 bytes.

//       CHECK:   gpu.func @g_kernel(
//  CHECK-SAME:     workgroup(%{{.+}} : memref<4096xi8, #gpu.address_space<workgroup>> {llvm.align = 512 : i64})
func.func @g(%x: memref<i8>, %a: i64, %sums: !llvm.struct<(i32, i32, i32, i32)>) {
  %c1 = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1)
             workgroup(%shared: memref<4096xi8, #gpu.address_space<workgroup>>) {
    %v = memref.load %x[] : memref<i8>
    memref.store %v, %shared[%tx] : memref<4096xi8, #gpu.address_space<workgroup>>
    %d = nvvm.wgmma.mma_async %a, %a, %sums, <m = 64, n = 8, k = 32>, D[<s32>, <one>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>]
        : !llvm.struct<(i32, i32, i32, i32)> -> !llvm.struct<(i32, i32, i32, i32)>
    gpu.terminator
  }
  return
}
