// RUN: qtc-opt %s -emulate-launches -verify-diagnostics

// Kernels are emulated before they become branches.

module attributes {gpu.container_module} {
  func.func @f(%x: memref<4xi32>) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<4xi32>)
    return
  }
  gpu.module @kernels {
    // expected-error @below {{expected structured control flow}}
    gpu.func @k(%x: memref<4xi32>) kernel {
      cf.br ^end
    ^end:
      gpu.return
    }
  }
}
