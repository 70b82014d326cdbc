// RUN: qtc-opt %s -merge-kernels | FileCheck %s

// Kernels with equal bodies and types are one; others of the same name stay
// apart. A table that two modules have is one, too.

// CHECK-LABEL: func @f(
//       CHECK:   gpu.launch_func @kernels::@f_kernel blocks
//       CHECK:   gpu.launch_func @kernels::@f_kernel blocks
//       CHECK:   gpu.launch_func @kernels::@[[OTHER:f_kernel_.+]] blocks

//       CHECK: gpu.module @kernels
//       CHECK:   memref.global "private" constant @table
//       CHECK:   gpu.func @f_kernel(
//       CHECK:     memref.get_global @table
//       CHECK:   gpu.func @[[OTHER]](
//   CHECK-NOT: gpu.module
module attributes {gpu.container_module} {
  func.func @f(%x: memref<4xi32>, %y: memref<4xi32>) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @a::@f_kernel blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<4xi32>)
    gpu.launch_func @b::@f_kernel blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%y : memref<4xi32>)
    gpu.launch_func @c::@f_kernel blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%y : memref<4xi32>)
    return
  }
  gpu.module @a {
    memref.global "private" constant @table : memref<4xi32> = dense<[1, 2, 3, 4]>
    gpu.func @f_kernel(%x: memref<4xi32>) kernel {
      %i = gpu.thread_id x
      %table = memref.get_global @table : memref<4xi32>
      %v = memref.load %table[%i] : memref<4xi32>
      memref.store %v, %x[%i] : memref<4xi32>
      gpu.return
    }
  }
  gpu.module @b {
    memref.global "private" constant @table : memref<4xi32> = dense<[1, 2, 3, 4]>
    gpu.func @f_kernel(%x: memref<4xi32>) kernel {
      %i = gpu.thread_id x
      %table = memref.get_global @table : memref<4xi32>
      %v = memref.load %table[%i] : memref<4xi32>
      memref.store %v, %x[%i] : memref<4xi32>
      gpu.return
    }
  }
  gpu.module @c {
    gpu.func @f_kernel(%x: memref<4xi32>) kernel {
      %i = gpu.thread_id x
      %v = arith.constant 0 : i32
      memref.store %v, %x[%i] : memref<4xi32>
      gpu.return
    }
  }
}
