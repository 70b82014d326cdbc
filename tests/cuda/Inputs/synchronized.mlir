// Kernels of threads that work together. test_kernels.py compiles them for the
// emulator and for a GPU; lines that end in `// sync NAME` are left out one at
// a time, to see that the emulator notices.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // C = A · Bᵀ with the maximum of |C|. A block has 32 rows and 16 columns of
    // C, a warp 16 of the rows. Two stages of 32 bytes of K in workgroup memory;
    // half of the last one is beyond the rows and becomes zeros.
    gpu.func @product(%a: memref<64x176xi8>, %b: memref<48x176xi8>,
                      %c: memref<64x48xi32>, %max: memref<i32>)
        workgroup(%stages: memref<3072xi8, #gpu.address_space<workgroup>> {llvm.align = 16})
        kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %c4 = arith.constant 4 : index
      %c6 = arith.constant 6 : index
      %c7 = arith.constant 7 : index
      %c8 = arith.constant 8 : index
      %c16 = arith.constant 16 : index
      %c32 = arith.constant 32 : index
      %c176 = arith.constant 176 : index
      %c2064 = arith.constant 2064 : index
      %c2048 = arith.constant 2048 : index
      %zero = arith.constant 0 : i32
      %as = memref.view %stages[%c0][] : memref<3072xi8, #gpu.address_space<workgroup>> to memref<2x32x32xi8, #gpu.address_space<workgroup>>
      %bs = memref.view %stages[%c2048][] : memref<3072xi8, #gpu.address_space<workgroup>> to memref<2x16x32xi8, #gpu.address_space<workgroup>>
      %aw = memref.view %stages[%c0][] : memref<3072xi8, #gpu.address_space<workgroup>> to memref<2x32x8xi32, #gpu.address_space<workgroup>>
      %bw = memref.view %stages[%c2048][] : memref<3072xi8, #gpu.address_space<workgroup>> to memref<2x16x8xi32, #gpu.address_space<workgroup>>
      %thread = gpu.thread_id x
      %block = gpu.block_id x
      %blockRow = arith.divui %block, %c3 : index
      %blockColumn = arith.remui %block, %c3 : index
      %rows = arith.muli %blockRow, %c32 : index
      %columns = arith.muli %blockColumn, %c16 : index
      %copyRow = arith.divui %thread, %c2 : index
      %copyHalf = arith.remui %thread, %c2 : index
      %copyByte = arith.muli %copyHalf, %c16 : index
      %hasB = arith.cmpi ult, %thread, %c32 : index
      %warp = arith.divui %thread, %c32 : index
      %lane = arith.remui %thread, %c32 : index
      %group = arith.divui %lane, %c4 : index
      %member = arith.remui %lane, %c4 : index
      %warpRow = arith.muli %warp, %c16 : index
      %row = arith.addi %warpRow, %group : index
      %row8 = arith.addi %row, %c8 : index
      %member4 = arith.addi %member, %c4 : index
      %group8 = arith.addi %group, %c8 : index

      // The first stage, and then each next one while this one is multiplied.
      %sums:8 = scf.for %t = %c0 to %c7 step %c1
          iter_args(%s0 = %zero, %s1 = %zero, %s2 = %zero, %s3 = %zero,
                    %s4 = %zero, %s5 = %zero, %s6 = %zero, %s7 = %zero)
          -> (i32, i32, i32, i32, i32, i32, i32, i32) {
        %stage = arith.remui %t, %c2 : index
        %exists = arith.cmpi ult, %t, %c6 : index
        scf.if %exists {
          %k0 = arith.muli %t, %c32 : index
          %k = arith.addi %k0, %copyByte : index
          %inside = arith.cmpi ult, %k, %c176 : index
          %count = arith.select %inside, %c16, %c0 : index
          %from = arith.select %inside, %k, %c0 : index
          %ar = arith.addi %rows, %copyRow : index
          %copyA = nvgpu.device_async_copy %a[%ar, %from], %as[%stage, %copyRow, %copyByte], 16, %count {bypassL1} : memref<64x176xi8> to memref<2x32x32xi8, #gpu.address_space<workgroup>>
          scf.if %hasB {
            %br = arith.addi %columns, %copyRow : index
            %copyB = nvgpu.device_async_copy %b[%br, %from], %bs[%stage, %copyRow, %copyByte], 16, %count {bypassL1} : memref<48x176xi8> to memref<2x16x32xi8, #gpu.address_space<workgroup>>
          }
        }
        %stageGroup = nvgpu.device_async_create_group
        nvgpu.device_async_wait %stageGroup {numGroups = 1 : i32} // sync copied
        gpu.barrier // sync filled
        %later = arith.cmpi uge, %t, %c1 : index
        %before = arith.cmpi ule, %t, %c6 : index
        %multiplies = arith.andi %later, %before : i1
        %next:8 = scf.if %multiplies -> (i32, i32, i32, i32, i32, i32, i32, i32) {
          %previous = arith.subi %t, %c1 : index
          %s = arith.remui %previous, %c2 : index
          %a0 = memref.load %aw[%s, %row, %member] : memref<2x32x8xi32, #gpu.address_space<workgroup>>
          %a1 = memref.load %aw[%s, %row8, %member] : memref<2x32x8xi32, #gpu.address_space<workgroup>>
          %a2 = memref.load %aw[%s, %row, %member4] : memref<2x32x8xi32, #gpu.address_space<workgroup>>
          %a3 = memref.load %aw[%s, %row8, %member4] : memref<2x32x8xi32, #gpu.address_space<workgroup>>
          %b0 = memref.load %bw[%s, %group, %member] : memref<2x16x8xi32, #gpu.address_space<workgroup>>
          %b1 = memref.load %bw[%s, %group, %member4] : memref<2x16x8xi32, #gpu.address_space<workgroup>>
          %b2 = memref.load %bw[%s, %group8, %member] : memref<2x16x8xi32, #gpu.address_space<workgroup>>
          %b3 = memref.load %bw[%s, %group8, %member4] : memref<2x16x8xi32, #gpu.address_space<workgroup>>
          %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%s0, %s1, %s2, %s3]
              {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
               multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
              : (i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
          %e = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b2, %b3] C[%s4, %s5, %s6, %s7]
              {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
               multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
              : (i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
          %d0 = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32, i32, i32)>
          %d1 = llvm.extractvalue %d[1] : !llvm.struct<(i32, i32, i32, i32)>
          %d2 = llvm.extractvalue %d[2] : !llvm.struct<(i32, i32, i32, i32)>
          %d3 = llvm.extractvalue %d[3] : !llvm.struct<(i32, i32, i32, i32)>
          %e0 = llvm.extractvalue %e[0] : !llvm.struct<(i32, i32, i32, i32)>
          %e1 = llvm.extractvalue %e[1] : !llvm.struct<(i32, i32, i32, i32)>
          %e2 = llvm.extractvalue %e[2] : !llvm.struct<(i32, i32, i32, i32)>
          %e3 = llvm.extractvalue %e[3] : !llvm.struct<(i32, i32, i32, i32)>
          scf.yield %d0, %d1, %d2, %d3, %e0, %e1, %e2, %e3 : i32, i32, i32, i32, i32, i32, i32, i32
        } else {
          scf.yield %s0, %s1, %s2, %s3, %s4, %s5, %s6, %s7 : i32, i32, i32, i32, i32, i32, i32, i32
        }
        gpu.barrier // sync emptied
        scf.yield %next#0, %next#1, %next#2, %next#3, %next#4, %next#5, %next#6, %next#7 : i32, i32, i32, i32, i32, i32, i32, i32
      }

      %cr = arith.addi %rows, %row : index
      %cr8 = arith.addi %rows, %row8 : index
      %member2 = arith.muli %member, %c2 : index
      %cc = arith.addi %columns, %member2 : index
      %cc1 = arith.addi %cc, %c1 : index
      %cc8 = arith.addi %cc, %c8 : index
      %cc9 = arith.addi %cc1, %c8 : index
      memref.store %sums#0, %c[%cr, %cc] : memref<64x48xi32>
      memref.store %sums#1, %c[%cr, %cc1] : memref<64x48xi32>
      memref.store %sums#2, %c[%cr8, %cc] : memref<64x48xi32>
      memref.store %sums#3, %c[%cr8, %cc1] : memref<64x48xi32>
      memref.store %sums#4, %c[%cr, %cc8] : memref<64x48xi32>
      memref.store %sums#5, %c[%cr, %cc9] : memref<64x48xi32>
      memref.store %sums#6, %c[%cr8, %cc8] : memref<64x48xi32>
      memref.store %sums#7, %c[%cr8, %cc9] : memref<64x48xi32>
      %m0 = math.absi %sums#0 : i32
      %m1 = math.absi %sums#1 : i32
      %m2 = math.absi %sums#2 : i32
      %m3 = math.absi %sums#3 : i32
      %m4 = math.absi %sums#4 : i32
      %m5 = math.absi %sums#5 : i32
      %m6 = math.absi %sums#6 : i32
      %m7 = math.absi %sums#7 : i32
      %n0 = arith.maxsi %m0, %m1 : i32
      %n1 = arith.maxsi %m2, %m3 : i32
      %n2 = arith.maxsi %m4, %m5 : i32
      %n3 = arith.maxsi %m6, %m7 : i32
      %o0 = arith.maxsi %n0, %n1 : i32
      %o1 = arith.maxsi %n2, %n3 : i32
      %largest = arith.maxsi %o0, %o1 : i32
      %i1 = arith.constant 1 : i32
      %i2 = arith.constant 2 : i32
      %i4 = arith.constant 4 : i32
      %i8 = arith.constant 8 : i32
      %i16 = arith.constant 16 : i32
      %i32 = arith.constant 32 : i32
      %p0, %v0 = gpu.shuffle xor %largest, %i16, %i32 : i32
      %q0 = arith.maxsi %largest, %p0 : i32
      %p1, %v1 = gpu.shuffle xor %q0, %i8, %i32 : i32
      %q1 = arith.maxsi %q0, %p1 : i32
      %p2, %v2 = gpu.shuffle xor %q1, %i4, %i32 : i32
      %q2 = arith.maxsi %q1, %p2 : i32
      %p3, %v3 = gpu.shuffle xor %q2, %i2, %i32 : i32
      %q3 = arith.maxsi %q2, %p3 : i32
      %p4, %v4 = gpu.shuffle xor %q3, %i1, %i32 : i32
      %q4 = arith.maxsi %q3, %p4 : i32
      %isFirst = arith.cmpi eq, %lane, %c0 : index
      scf.if %isFirst {
        %old = memref.atomic_rmw maxs %q4, %max[] : (i32, memref<i32>) -> i32
      }
      gpu.return
    }

    // The small shape: a warp adds A · Bᵀ to C from memory.
    gpu.func @small_product(%a: memref<8x16xi8>, %b: memref<8x16xi8>, %c: memref<8x8xi32>)
        workgroup(%shared: memref<256xi8, #gpu.address_space<workgroup>> {llvm.align = 4})
        kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c16 = arith.constant 16 : index
      %c128 = arith.constant 128 : index
      %lane = gpu.thread_id x
      %group = arith.divui %lane, %c4 : index
      %member = arith.remui %lane, %c4 : index
      %as = memref.view %shared[%c0][] : memref<256xi8, #gpu.address_space<workgroup>> to memref<8x16xi8, #gpu.address_space<workgroup>>
      %bs = memref.view %shared[%c128][] : memref<256xi8, #gpu.address_space<workgroup>> to memref<8x16xi8, #gpu.address_space<workgroup>>
      scf.for %i = %c0 to %c4 step %c1 {
        %first = arith.muli %i, %c2 : index
        %half = arith.divui %lane, %c16 : index
        %row = arith.addi %first, %half : index
        %column = arith.remui %lane, %c16 : index
        %x = memref.load %a[%row, %column] : memref<8x16xi8>
        %y = memref.load %b[%row, %column] : memref<8x16xi8>
        memref.store %x, %as[%row, %column] : memref<8x16xi8, #gpu.address_space<workgroup>>
        memref.store %y, %bs[%row, %column] : memref<8x16xi8, #gpu.address_space<workgroup>>
      }
      gpu.barrier // sync filled
      %aw = memref.view %shared[%c0][] : memref<256xi8, #gpu.address_space<workgroup>> to memref<8x4xi32, #gpu.address_space<workgroup>>
      %bw = memref.view %shared[%c128][] : memref<256xi8, #gpu.address_space<workgroup>> to memref<8x4xi32, #gpu.address_space<workgroup>>
      %a0 = memref.load %aw[%group, %member] : memref<8x4xi32, #gpu.address_space<workgroup>>
      %b0 = memref.load %bw[%group, %member] : memref<8x4xi32, #gpu.address_space<workgroup>>
      %column0 = arith.muli %member, %c2 : index
      %column1 = arith.addi %column0, %c1 : index
      %c00 = memref.load %c[%group, %column0] : memref<8x8xi32>
      %c01 = memref.load %c[%group, %column1] : memref<8x8xi32>
      %d = nvvm.mma.sync A[%a0] B[%b0] C[%c00, %c01]
          {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
           multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 8, n = 8, k = 16>}
          : (i32, i32, i32) -> !llvm.struct<(i32, i32)>
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(i32, i32)>
      memref.store %d0, %c[%group, %column0] : memref<8x8xi32>
      memref.store %d1, %c[%group, %column1] : memref<8x8xi32>
      gpu.return
    }

    // Fragments of a warp by matrix loads: a lane says where a row lies, and
    // gets four bytes of each matrix.
    gpu.func @loaded_product(%a: memref<16x32xi8>, %b: memref<8x32xi8>, %c: memref<16x8xi32>)
        workgroup(%shared: memref<768xi8, #gpu.address_space<workgroup>> {llvm.align = 16})
        kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c4 = arith.constant 4 : index
      %c8 = arith.constant 8 : index
      %c16 = arith.constant 16 : index
      %c512 = arith.constant 512 : index
      %zero = arith.constant 0 : i32
      %lane = gpu.thread_id x
      %as = memref.view %shared[%c0][] : memref<768xi8, #gpu.address_space<workgroup>> to memref<16x32xi8, #gpu.address_space<workgroup>>
      %bs = memref.view %shared[%c512][] : memref<768xi8, #gpu.address_space<workgroup>> to memref<8x32xi8, #gpu.address_space<workgroup>>
      scf.for %row = %c0 to %c16 step %c1 {
        %x = memref.load %a[%row, %lane] : memref<16x32xi8>
        memref.store %x, %as[%row, %lane] : memref<16x32xi8, #gpu.address_space<workgroup>>
        %hasB = arith.cmpi ult, %row, %c8 : index
        scf.if %hasB {
          %y = memref.load %b[%row, %lane] : memref<8x32xi8>
          memref.store %y, %bs[%row, %lane] : memref<8x32xi8, #gpu.address_space<workgroup>>
        }
      }
      gpu.barrier // sync filled
      %aw = memref.view %shared[%c0][] : memref<768xi8, #gpu.address_space<workgroup>> to memref<16x8xi32, #gpu.address_space<workgroup>>
      %bw = memref.view %shared[%c512][] : memref<768xi8, #gpu.address_space<workgroup>> to memref<8x8xi32, #gpu.address_space<workgroup>>
      %rowA = arith.remui %lane, %c16 : index
      %halfA = arith.divui %lane, %c16 : index
      %wordA = arith.muli %halfA, %c4 : index
      %fa = nvgpu.ldmatrix %aw[%rowA, %wordA] {numTiles = 4 : i32, transpose = false} : memref<16x8xi32, #gpu.address_space<workgroup>> -> vector<4x1xi32>
      %rowB = arith.remui %lane, %c8 : index
      %eighth = arith.divui %lane, %c8 : index
      %halfB = arith.remui %eighth, %c2 : index
      %wordB = arith.muli %halfB, %c4 : index
      %fb = nvgpu.ldmatrix %bw[%rowB, %wordB] {numTiles = 2 : i32, transpose = false} : memref<8x8xi32, #gpu.address_space<workgroup>> -> vector<2x1xi32>
      %a0 = vector.extract %fa[0, 0] : i32 from vector<4x1xi32>
      %a1 = vector.extract %fa[1, 0] : i32 from vector<4x1xi32>
      %a2 = vector.extract %fa[2, 0] : i32 from vector<4x1xi32>
      %a3 = vector.extract %fa[3, 0] : i32 from vector<4x1xi32>
      %b0 = vector.extract %fb[0, 0] : i32 from vector<2x1xi32>
      %b1 = vector.extract %fb[1, 0] : i32 from vector<2x1xi32>
      %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%zero, %zero, %zero, %zero]
          {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
           multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
          : (i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(i32, i32, i32, i32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(i32, i32, i32, i32)>
      %d2 = llvm.extractvalue %d[2] : !llvm.struct<(i32, i32, i32, i32)>
      %d3 = llvm.extractvalue %d[3] : !llvm.struct<(i32, i32, i32, i32)>
      %group = arith.divui %lane, %c4 : index
      %group8 = arith.addi %group, %c8 : index
      %member = arith.remui %lane, %c4 : index
      %column0 = arith.muli %member, %c2 : index
      %column1 = arith.addi %column0, %c1 : index
      memref.store %d0, %c[%group, %column0] : memref<16x8xi32>
      memref.store %d1, %c[%group, %column1] : memref<16x8xi32>
      memref.store %d2, %c[%group8, %column0] : memref<16x8xi32>
      memref.store %d3, %c[%group8, %column1] : memref<16x8xi32>
      gpu.return
    }
  }
}
