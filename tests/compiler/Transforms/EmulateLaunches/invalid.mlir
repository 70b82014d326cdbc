// RUN: qtc-opt %s -emulate-launches -verify-diagnostics -split-input-file

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

// -----

// Threads that work together must be known.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // expected-error @below {{expected a known block size, as its threads work together}}
    gpu.func @k() kernel {
      gpu.barrier
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<i32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %v = memref.load %x[] : memref<i32>
      // expected-error @below {{expected a shuffle of mode xor on i32}}
      %w, %valid = gpu.shuffle up %v, %v, %v : i32
      memref.store %w, %x[] : memref<i32>
      gpu.return
    }
  }
}

// -----

// Sums that saturate are another product.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%a: i32) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      // expected-error @below {{expected a product of s8 with sums that wrap}}
      %d = nvvm.mma.sync A[%a] B[%a] C[%a, %a]
          {intOverflowBehavior = #nvvm.mma_int_overflow<satfinite>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
           multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 8, n = 8, k = 16>}
          : (i32, i32, i32) -> !llvm.struct<(i32, i32)>
      gpu.return
    }
  }
}

// -----

// No access to workgroup memory goes unnoticed.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%a: i32) workgroup(%shared: memref<i32, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      // expected-error @below {{expected an operation that can be emulated}}
      %old = memref.atomic_rmw maxs %a, %shared[] : (i32, memref<i32, #gpu.address_space<workgroup>>) -> i32
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<i32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %v = memref.load %x[] : memref<i32>
      gpu.barrier
      // expected-error @below {{expected assembly that can be emulated}}
      %w = llvm.inline_asm has_side_effects "mov.u32 $0, $1;", "=r,r" %v : (i32) -> i32
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%a: i64, %sums: !llvm.struct<(i32, i32, i32, i32)>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      gpu.barrier
      // expected-error @below {{expected a product of s8 with sums that wrap}}
      %d = nvvm.wgmma.mma_async %a, %a, %sums, <m = 64, n = 8, k = 32>, D[<s32>, <zero>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>]
          : !llvm.struct<(i32, i32, i32, i32)> -> !llvm.struct<(i32, i32, i32, i32)>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k() kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      gpu.barrier
      // expected-error @below {{expected a fence of the proxy async.shared}}
      nvvm.fence.proxy {kind = #nvvm.proxy_kind<alias>}
      gpu.return
    }
  }
}
