// A contraction by a warpgroup, as tests/cuda/test_kernels.py and tests/compiler/Target/CUDA/warpgroup.test run it.
// Lines with `sync` are what the kernel cannot do without.

#workgroup = #gpu.address_space<workgroup>
!sums = !llvm.struct<(i32, i32, i32, i32, i32, i32, i32, i32)>

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // C += A · Bᵀ. Stages of 64 bytes of every row of both lie in three places, rows of A before those of B, their runs of
    // 16 bytes exchanged as descriptors say. One stage is copied while the one before is multiplied.
    gpu.func @product(%a: memref<64x320xi8>, %b: memref<16x320xi8>, %c: memref<64x16xi32>)
        workgroup(%shared: memref<15360xi8, #workgroup> {llvm.align = 512})
        kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c5 = arith.constant 5 : index
      %c8 = arith.constant 8 : index
      %c16 = arith.constant 16 : index
      %c32 = arith.constant 32 : index
      %c64 = arith.constant 64 : index
      %c2048 = arith.constant 2048 : index
      %c4096 = arith.constant 4096 : index
      %c5120 = arith.constant 5120 : index
      // Of a descriptor: places count in 16 bytes of 18 bits; 8 rows are 512 bytes, runs are exchanged within 64.
      %mask = arith.constant 0x3ffff : index
      %layout = arith.constant 0x8000002000010000 : i64
      %next = arith.constant 2 : i64

      %thread = gpu.thread_id x
      %copyRow = arith.divui %thread, %c4 : index
      %copyRow32 = arith.addi %copyRow, %c32 : index
      %isOfB = arith.cmpi ult, %copyRow, %c16 : index
      %copyRun = arith.remui %thread, %c4 : index
      %pair = arith.divui %copyRow, %c2 : index
      %exchange = arith.remui %pair, %c4 : index
      %exchanged = arith.xori %copyRun, %exchange : index
      %runByte = arith.muli %copyRun, %c16 : index
      %exchangedByte = arith.muli %exchanged, %c16 : index
      %rowByte = arith.muli %copyRow, %c64 : index
      %copyByte = arith.addi %rowByte, %exchangedByte : index
      %base = memref.extract_aligned_pointer_as_index %shared : memref<15360xi8, #workgroup> -> index

      %warp = arith.divui %thread, %c32 : index
      %lane = arith.remui %thread, %c32 : index
      %group = arith.divui %lane, %c4 : index
      %member = arith.remui %lane, %c4 : index
      %warpRow = arith.muli %warp, %c16 : index
      %row = arith.addi %warpRow, %group : index
      %row8 = arith.addi %row, %c8 : index
      %column = arith.muli %member, %c2 : index
      %column1 = arith.addi %column, %c1 : index
      %column8 = arith.addi %column, %c8 : index
      %column9 = arith.addi %column1, %c8 : index
      %z = llvm.mlir.undef : !sums
      %old0 = memref.load %c[%row, %column] : memref<64x16xi32>
      %start0 = llvm.insertvalue %old0, %z[0] : !sums
      %old1 = memref.load %c[%row, %column1] : memref<64x16xi32>
      %start1 = llvm.insertvalue %old1, %start0[1] : !sums
      %old2 = memref.load %c[%row8, %column] : memref<64x16xi32>
      %start2 = llvm.insertvalue %old2, %start1[2] : !sums
      %old3 = memref.load %c[%row8, %column1] : memref<64x16xi32>
      %start3 = llvm.insertvalue %old3, %start2[3] : !sums
      %old4 = memref.load %c[%row, %column8] : memref<64x16xi32>
      %start4 = llvm.insertvalue %old4, %start3[4] : !sums
      %old5 = memref.load %c[%row, %column9] : memref<64x16xi32>
      %start5 = llvm.insertvalue %old5, %start4[5] : !sums
      %old6 = memref.load %c[%row8, %column8] : memref<64x16xi32>
      %start6 = llvm.insertvalue %old6, %start5[6] : !sums
      %old7 = memref.load %c[%row8, %column9] : memref<64x16xi32>
      %start7 = llvm.insertvalue %old7, %start6[7] : !sums

      %last = scf.for %t = %c0 to %c5 step %c1 iter_args(%sums = %start7) -> (!sums) {
        %from0 = arith.muli %t, %c64 : index
        %from = arith.addi %from0, %runByte : index
        %slot = arith.remui %t, %c3 : index
        %slotByte = arith.muli %slot, %c5120 : index
        %to = arith.addi %slotByte, %copyByte : index
        %to32 = arith.addi %to, %c2048 : index
        %toB = arith.addi %to, %c4096 : index
        %copyA = nvgpu.device_async_copy %a[%copyRow, %from], %shared[%to], 16 {bypassL1} : memref<64x320xi8> to memref<15360xi8, #workgroup>
        %copyA32 = nvgpu.device_async_copy %a[%copyRow32, %from], %shared[%to32], 16 {bypassL1} : memref<64x320xi8> to memref<15360xi8, #workgroup>
        scf.if %isOfB {
          %copyB = nvgpu.device_async_copy %b[%copyRow, %from], %shared[%toB], 16 {bypassL1} : memref<16x320xi8> to memref<15360xi8, #workgroup>
        }
        %copies = nvgpu.device_async_create_group
        nvgpu.device_async_wait %copies {numGroups = 0 : i32} // sync copied
        nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>} // sync proxy
        gpu.barrier // sync filled
        %placeA = arith.addi %base, %slotByte : index
        %placeB = arith.addi %placeA, %c4096 : index
        %inA = arith.andi %placeA, %mask : index
        %inB = arith.andi %placeB, %mask : index
        %runsA = arith.divui %inA, %c16 : index
        %runsB = arith.divui %inB, %c16 : index
        %bitsA = arith.index_cast %runsA : index to i64
        %bitsB = arith.index_cast %runsB : index to i64
        %da = arith.ori %bitsA, %layout : i64
        %db = arith.ori %bitsB, %layout : i64
        %daNext = arith.addi %da, %next : i64
        %dbNext = arith.addi %db, %next : i64
        nvvm.wgmma.fence.aligned // sync registers
        %half = nvvm.wgmma.mma_async %da, %db, %sums, <m = 64, n = 16, k = 32>,
            D[<s32>, <one>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>] : !sums -> !sums
        %whole = nvvm.wgmma.mma_async %daNext, %dbNext, %half, <m = 64, n = 16, k = 32>,
            D[<s32>, <one>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>] : !sums -> !sums
        nvvm.wgmma.commit.group.sync.aligned // sync group
        nvvm.wgmma.wait.group.sync.aligned 1 // sync emptied
        scf.yield %whole : !sums
      }
      nvvm.wgmma.wait.group.sync.aligned 0 // sync multiplied
      // The sums are there only now.
      %raw0 = llvm.extractvalue %last[0] : !sums
      %raw1 = llvm.extractvalue %last[1] : !sums
      %raw2 = llvm.extractvalue %last[2] : !sums
      %raw3 = llvm.extractvalue %last[3] : !sums
      %raw4 = llvm.extractvalue %last[4] : !sums
      %raw5 = llvm.extractvalue %last[5] : !sums
      %raw6 = llvm.extractvalue %last[6] : !sums
      %raw7 = llvm.extractvalue %last[7] : !sums
      %settled = llvm.inline_asm has_side_effects "", "=r,=r,=r,=r,=r,=r,=r,=r,0,1,2,3,4,5,6,7" %raw0, %raw1, %raw2, %raw3, %raw4, %raw5, %raw6, %raw7 : (i32, i32, i32, i32, i32, i32, i32, i32) -> !sums
      %sum0 = llvm.extractvalue %settled[0] : !sums
      memref.store %sum0, %c[%row, %column] : memref<64x16xi32>
      %sum1 = llvm.extractvalue %settled[1] : !sums
      memref.store %sum1, %c[%row, %column1] : memref<64x16xi32>
      %sum2 = llvm.extractvalue %settled[2] : !sums
      memref.store %sum2, %c[%row8, %column] : memref<64x16xi32>
      %sum3 = llvm.extractvalue %settled[3] : !sums
      memref.store %sum3, %c[%row8, %column1] : memref<64x16xi32>
      %sum4 = llvm.extractvalue %settled[4] : !sums
      memref.store %sum4, %c[%row, %column8] : memref<64x16xi32>
      %sum5 = llvm.extractvalue %settled[5] : !sums
      memref.store %sum5, %c[%row, %column9] : memref<64x16xi32>
      %sum6 = llvm.extractvalue %settled[6] : !sums
      memref.store %sum6, %c[%row8, %column8] : memref<64x16xi32>
      %sum7 = llvm.extractvalue %settled[7] : !sums
      memref.store %sum7, %c[%row8, %column9] : memref<64x16xi32>
      gpu.return
    }
  }
}
