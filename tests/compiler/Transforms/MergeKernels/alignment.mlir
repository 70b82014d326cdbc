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
