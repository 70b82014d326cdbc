// RUN: qtc-opt %s -pass-pipeline="builtin.module(gpu.module(link-dynamic-memory))" | FileCheck %s
// RUN: qtc-opt %s -convert-kernels-to-ptx=sm=80 | FileCheck %s --check-prefix=PTX

// Workgroup memory without elements is what launches add; other memory stays.

// CHECK: llvm.mlir.global external @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
// CHECK: llvm.mlir.global internal @fixed() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<4 x i8>
// CHECK: llvm.mlir.global internal @table() {addr_space = 1 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>

// So it is in the text.

// PTX: .extern .shared .align 16 .b8 dynamic[];
gpu.module @kernels {
  llvm.mlir.global internal @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  llvm.mlir.global internal @fixed() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<4 x i8>
  llvm.mlir.global internal @table() {addr_space = 1 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  gpu.func @k(%x: memref<64xi8>) kernel {
    %thread = gpu.thread_id x
    %memory = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %v = memref.load %x[%thread] : memref<64xi8>
    memref.store %v, %memory[%thread] : memref<?xi8, #gpu.address_space<workgroup>>
    gpu.return
  }
}
