// RUN: qtc-opt %s -emulate-launches -split-input-file | FileCheck %s

// Threads that work together are the iterations of a launch in the block's
// function, which has the workgroup memory: no more aligned than it must be.

// CHECK-LABEL: func private @k(
//  CHECK-SAME:   %[[BLOCK:.+]]: index, %[[BLOCKS:.+]]: index, %[[THREADS:.+]]: index, %{{.+}}: index, %[[X:.+]]: memref<64xi8>)
//       CHECK:   call @qtc_emulator_block(%[[BLOCK]], %[[THREADS]])
//       CHECK:   %[[BYTES:.+]] = arith.constant 64
//       CHECK:   %[[SHIFT:.+]] = arith.constant 16
//       CHECK:   %[[SPACE:.+]] = memref.alloca(%{{.+}}) {alignment = 32 : i64} : memref<?xi8>
//       CHECK:   %[[MEMORY:.+]] = memref.view %[[SPACE]][%[[SHIFT]]][] : memref<?xi8> to memref<64xi8>
//       CHECK:   call @qtc_emulator_memory(%{{.+}}, %[[BYTES]])
//       CHECK:   %[[EXECUTOR:.+]] = llvm.mlir.zero
//       CHECK:   qkernel.launch @k_thread(%[[BLOCK]], %[[BLOCKS]], %[[X]], %[[MEMORY]]) on %[[EXECUTOR]] : !llvm.ptr count 32
//       CHECK:   return

// Copies, groups and waits are calls, and so is every access to workgroup
// memory, but none to other memory.

// CHECK-LABEL: func private @k_thread(
//  CHECK-SAME:   %[[THREAD:[^:]+]]: index, %{{[^:]+}}: index, %{{[^:]+}}: index, %{{[^:]+}}: index, %[[X:[^:]+]]: memref<64xi8>, %[[SHARED:[^:]+]]: memref<64xi8>)
//       CHECK:   call @qtc_emulator_copy(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}})
//       CHECK:   call @qtc_emulator_commit()
//       CHECK:   %[[REMAINING:.+]] = arith.constant 1 : i32
//       CHECK:   call @qtc_emulator_wait(%[[REMAINING]])
//       CHECK:   %[[SITE:.+]] = arith.constant 0 : i32
//       CHECK:   call @qtc_emulator_barrier(%[[SITE]])
//       CHECK:   %[[READ:.+]] = arith.constant 0 : i32
//       CHECK:   call @qtc_emulator_access(%{{.+}}, %{{.+}}, %[[READ]])
//       CHECK:   %[[V:.+]] = memref.load %[[SHARED]][%[[THREAD]]] : memref<64xi8>
//   CHECK-NOT:   call @qtc_emulator_access
//       CHECK:   memref.store %[[V]], %[[X]][%[[THREAD]]] : memref<64xi8>
//   CHECK-NOT: gpu.
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<64xi8>) workgroup(%shared: memref<64xi8, #gpu.address_space<workgroup>> {llvm.align = 16})
        kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %thread = gpu.thread_id x
      %copy = nvgpu.device_async_copy %x[%c0], %shared[%c0], 16 : memref<64xi8> to memref<64xi8, #gpu.address_space<workgroup>>
      %group = nvgpu.device_async_create_group %copy
      nvgpu.device_async_wait %group {numGroups = 1 : i32}
      gpu.barrier
      %v = memref.load %shared[%thread] : memref<64xi8, #gpu.address_space<workgroup>>
      memref.store %v, %x[%thread] : memref<64xi8>
      gpu.return
    }
  }
}

// -----

// Registers of a product lie one behind the other, and the sums come back in
// the place of C. In a whole warp every shuffle has a partner.

// CHECK-LABEL: func private @k_thread(
//       CHECK:   %[[REGISTERS:.+]] = memref.alloca() : memref<4xi32>
//       CHECK:   %[[M:.+]] = arith.constant 8 : i32
//  CHECK-NEXT:   %[[N:.+]] = arith.constant 8 : i32
//  CHECK-NEXT:   %[[K:.+]] = arith.constant 16 : i32
//       CHECK:   memref.store %{{.+}}, %[[REGISTERS]][%{{.+}}]
//       CHECK:   memref.store %{{.+}}, %[[REGISTERS]][%{{.+}}]
//       CHECK:   memref.store %{{.+}}, %[[REGISTERS]][%{{.+}}]
//       CHECK:   memref.store %{{.+}}, %[[REGISTERS]][%{{.+}}]
//       CHECK:   call @qtc_emulator_multiply(%{{.+}}, %[[M]], %[[N]], %[[K]], %{{.+}})
//       CHECK:   %[[THIRD:.+]] = arith.constant 2 : index
//       CHECK:   %[[SUM:.+]] = memref.load %[[REGISTERS]][%[[THIRD]]]
//       CHECK:   llvm.insertvalue %[[SUM]], %{{.+}}[0]
//       CHECK:   call @qtc_emulator_shuffle_xor(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}})
//       CHECK:   %[[VALID:.+]] = arith.constant true
//       CHECK:   scf.if %[[VALID]]
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<i32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %a = memref.load %x[] : memref<i32>
      %c16 = arith.constant 16 : i32
      %c32 = arith.constant 32 : i32
      %d = nvvm.mma.sync A[%a] B[%a] C[%a, %a]
          {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
           multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 8, n = 8, k = 16>}
          : (i32, i32, i32) -> !llvm.struct<(i32, i32)>
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32)>
      %e, %valid = gpu.shuffle xor %d0, %c16, %c32 : i32
      scf.if %valid {
        memref.store %e, %x[] : memref<i32>
      }
      gpu.return
    }
  }
}

// -----

// A matrix load fills registers, which become the vector.

// CHECK-LABEL: func private @k_thread(
//       CHECK:   %[[REGISTERS:.+]] = memref.alloca() : memref<2xi32>
//       CHECK:   %[[COUNT:.+]] = arith.constant 2 : i32
//       CHECK:   call @qtc_emulator_load_matrices(%{{.+}}, %[[COUNT]], %{{.+}}, %{{.+}})
//       CHECK:   %[[FLAT:.+]] = vector.load %[[REGISTERS]][%{{.+}}] : memref<2xi32>, vector<2xi32>
//       CHECK:   vector.shape_cast %[[FLAT]] : vector<2xi32> to vector<2x1xi32>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<i32>) workgroup(%shared: memref<16x4xi32, #gpu.address_space<workgroup>> {llvm.align = 16})
        kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c16 = arith.constant 16 : index
      %lane = gpu.thread_id x
      %row = arith.remui %lane, %c16 : index
      %v = nvgpu.ldmatrix %shared[%row, %c0] {numTiles = 2 : i32, transpose = false} : memref<16x4xi32, #gpu.address_space<workgroup>> -> vector<2x1xi32>
      %w = vector.extract %v[1, 0] : i32 from vector<2x1xi32>
      memref.store %w, %x[] : memref<i32>
      gpu.return
    }
  }
}

// -----

// A warpgroup's product takes the sums from registers. Fences, groups and waits
// are calls, and assembly without text says where registers are used.

// CHECK-LABEL: func private @k_thread(
//       CHECK:   call @qtc_emulator_fence_proxy()
//       CHECK:   call @qtc_emulator_fence_registers(%{{.+}})
//       CHECK:   %[[N:.+]] = arith.constant 8 : i32
//       CHECK:   call @qtc_emulator_multiply_warpgroup(%{{.+}}, %[[N]], %[[A:.+]], %[[A]], %{{.+}}) : (i32, i32, i64, i64, index) -> ()
//       CHECK:   call @qtc_emulator_commit_warpgroup(%{{.+}})
//       CHECK:   %[[REMAINING:.+]] = arith.constant 1 : i32
//       CHECK:   call @qtc_emulator_wait_warpgroup(%{{.+}}, %[[REMAINING]])
//       CHECK:   %[[COUNT:.+]] = arith.constant 4 : i32
//       CHECK:   call @qtc_emulator_use(%[[COUNT]], %{{.+}})
//   CHECK-NOT: nvvm.
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<i32>, %sums: !llvm.struct<(i32, i32, i32, i32)>) workgroup(%shared: memref<4096xi8, #gpu.address_space<workgroup>> {llvm.align = 512})
        kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %base = memref.extract_aligned_pointer_as_index %shared : memref<4096xi8, #gpu.address_space<workgroup>> -> index
      %a = arith.index_cast %base : index to i64
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      nvvm.wgmma.fence.aligned
      %d = nvvm.wgmma.mma_async %a, %a, %sums, <m = 64, n = 8, k = 32>, D[<s32>, <one>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>]
          : !llvm.struct<(i32, i32, i32, i32)> -> !llvm.struct<(i32, i32, i32, i32)>
      nvvm.wgmma.commit.group.sync.aligned
      nvvm.wgmma.wait.group.sync.aligned 1
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32, i32, i32)>
      %e = llvm.inline_asm has_side_effects "", "=r,=r,=r,=r,0,1,2,3" %d0, %d0, %d0, %d0 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
      %e0 = llvm.extractvalue %e[0] : !llvm.struct<(i32, i32, i32, i32)>
      memref.store %e0, %x[] : memref<i32>
      gpu.return
    }
  }
}

// -----

// The launch says how much dynamic memory there is; its address is a multiple of
// 16, not more.

// CHECK-LABEL: func @f(
//       CHECK:   %[[BYTES:.+]] = arith.index_cast %c65536_i32 : i32 to index
//       CHECK:   func.call @k(%{{.+}}, %{{.+}}, %{{.+}}, %[[BYTES]], %{{.+}})

// CHECK-LABEL: func private @k(
//  CHECK-SAME:   %{{.+}}: index, %{{.+}}: index, %{{.+}}: index, %[[BYTES:.+]]: index, %[[X:.+]]: memref<64xi8>)
//       CHECK:   %[[SHIFT:.+]] = arith.constant 16
//       CHECK:   %[[SPACE:.+]] = memref.alloca(%{{.+}}) {alignment = 32 : i64} : memref<?xi8>
//       CHECK:   %[[MEMORY:.+]] = memref.view %[[SPACE]][%[[SHIFT]]][] : memref<?xi8> to memref<0xi8>
//       CHECK:   call @qtc_emulator_dynamic_memory(%{{.+}}, %[[BYTES]])
//       CHECK:   qkernel.launch @k_thread({{.+}}, %[[X]], %[[MEMORY]])

// CHECK-LABEL: func private @k_thread(
//  CHECK-SAME:   %[[START:[^:]+]]: memref<0xi8>) {
//       CHECK:   %[[DYNAMIC:.+]] = memref.cast %[[START]] : memref<0xi8> to memref<?xi8>
//       CHECK:   call @qtc_emulator_access(
//       CHECK:   memref.load %[[DYNAMIC]]
module attributes {gpu.container_module} {
  func.func @f(%x: memref<64xi8>) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 65536 : i32
    gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
        dynamic_shared_memory_size %bytes args(%x : memref<64xi8>)
    return
  }
  gpu.module @kernels {
    gpu.func @k(%x: memref<64xi8>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %thread = gpu.thread_id x
      %memory = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %v = memref.load %memory[%thread] : memref<?xi8, #gpu.address_space<workgroup>>
      memref.store %v, %x[%thread] : memref<64xi8>
      gpu.return
    }
  }
}
