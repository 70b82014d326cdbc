// RUN: qtc-opt %s -emulate-launches | FileCheck %s

// Blocks are a parallel loop, the threads of a block a loop in the kernel's
// function. A kernel sees a grid of one in all but the first dimension. All
// threads of a block share the stack.

// CHECK-LABEL: func @f(
//  CHECK-SAME:   %[[X:.+]]: memref<1024xi32>)
//   CHECK-DAG:   %[[C4:.+]] = arith.constant 4 : index
//   CHECK-DAG:   %[[C256:.+]] = arith.constant 256 : index
//   CHECK-DAG:   %[[NONE:.+]] = arith.constant 0 : index
//       CHECK:   scf.parallel (%[[BLOCK:.+]]) = (%{{.+}}) to (%[[C4]]) step (%{{.+}})
//       CHECK:     func.call @k(%[[BLOCK]], %[[C4]], %[[C256]], %[[NONE]], %[[X]])

// CHECK-LABEL: func private @k(
//  CHECK-SAME:   %[[BLOCK:.+]]: index, %[[BLOCKS:.+]]: index, %[[THREADS:.+]]: index, %{{.+}}: index, %[[X:.+]]: memref<1024xi32>)
//       CHECK:   %[[STACK:.+]] = memref.alloca() : memref<i32>
//   CHECK-DAG:   %[[C0:.+]] = arith.constant 0 : index
//   CHECK-DAG:   %[[C1:.+]] = arith.constant 1 : index
//       CHECK:   scf.for %[[THREAD:.+]] = %[[C0]] to %[[THREADS]] step %[[C1]]
//       CHECK:     %[[FIRST:.+]] = arith.muli %[[BLOCK]], %[[THREADS]]
//       CHECK:     %[[ROW:.+]] = arith.addi %[[FIRST]], %[[C0]]
//       CHECK:     %[[I:.+]] = arith.addi %[[ROW]], %[[THREAD]]
//       CHECK:     %[[V:.+]] = memref.load %[[STACK]][]
//       CHECK:     memref.store %[[V]], %[[X]][%[[I]]]
//   CHECK-NOT: gpu.
module attributes {gpu.container_module} {
  func.func @f(%x: memref<1024xi32>) {
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c256 = arith.constant 256 : index
    gpu.launch_func @kernels::@k blocks in (%c4, %c1, %c1) threads in (%c256, %c1, %c1) args(%x : memref<1024xi32>)
    return
  }
  gpu.module @kernels {
    gpu.func @k(%x: memref<1024xi32>) kernel {
      %block = gpu.block_id x
      %row = gpu.block_id y
      %thread = gpu.thread_id x
      %threads = gpu.block_dim x
      %stack = memref.alloca() : memref<i32>
      %first = arith.muli %block, %threads : index
      %sum = arith.addi %first, %row : index
      %i = arith.addi %sum, %thread : index
      %v = memref.load %stack[] : memref<i32>
      memref.store %v, %x[%i] : memref<1024xi32>
      gpu.return
    }
  }
}
