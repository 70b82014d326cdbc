// Kernels and launches of devices.

gpu.module @m {
}

// -----

gpu.module @m {
  gpu.func @k(%x: memref<4xi8>) kernel {
    gpu.return
  }
}
func.func @f(%x: memref<4xi8>, %n: index) {
  gpu.launch_func @m::@nothing blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%x : memref<4xi8>)
  return
}

// -----

func.func @f(%x: memref<4xi8>, %n: index) {
  gpu.launch_func @nowhere::@k blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%x : memref<4xi8>)
  return
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%x: memref<4xi8>) kernel {
      cf.br ^a
    ^a:
      gpu.return
    }
  }
  func.func @f(%x: memref<4xi8>, %n: index) {
    gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%x : memref<4xi8>)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k() private(%p: memref<4xi8, 5>) kernel {
      %c0 = arith.constant 0 : index
      %v = arith.constant 0 : i8
      memref.store %v, %p[%c0] : memref<4xi8, 5>
      gpu.return
    }
  }
  func.func @f(%n: index) {
    gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%n: index) workgroup(%p: memref<4xindex, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
      %s = memref.alloca(%n) : memref<?xi8>
      gpu.barrier
      gpu.return
    }
  }
  func.func @f(%n: index) {
    gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%n : index)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k() workgroup(%p: memref<?xi8, #gpu.address_space<workgroup>>, %q: memref<4xvector<4xf32>, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 0, -1, 1>} {
      gpu.barrier
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @m {
    gpu.func @k(%x: memref<4xi8>) kernel {
      gpu.return
    }
  }
  func.func @f(%x: memref<4xi8>, %n: index) {
    %t = gpu.wait async
    %u = gpu.launch_func async [%t] @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%x : memref<4xi8>)
    gpu.wait [%u]
    return
  }
}

// -----

gpu.module @m {
  gpu.func @g(%x: i32) -> i32 {
    gpu.return %x : i32
  }
  gpu.func @k() kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c = arith.constant 1 : i32
    %r, %v = gpu.shuffle up %c, %c, %c : i32
    gpu.return
  }
}

// -----

gpu.module @m {
  func.func @f() {
    return
  }
  llvm.mlir.global external @g() {addr_space = 3 : i32} : !llvm.array<0 x i8>
  llvm.mlir.global internal @h() {addr_space = 3 : i32} : !llvm.array<0 x i8>
  llvm.mlir.global internal constant @i(1 : i32) : i32
  llvm.func @j()
}

// -----

// What has no name.
gpu.module @m {
  %0 = arith.constant 1 : i32
}

// -----

gpu.module @kernels {
  gpu.func @k() kernel {
    gpu.return
  }
}
gpu.module @m {
  gpu.func @k() kernel {
    gpu.return
  }
  memref.global "private" constant @table : memref<4xi8> = dense<1>
}
func.func @f(%n: index) {
  gpu.launch_func @m::@k blocks in (%n, %n, %n) threads in (%n, %n, %n)
  gpu.launch_func @kernels::@k blocks in (%n, %n, %n) threads in (%n, %n, %n)
  return
}

// -----

func.func @f(%n: index, %x: memref<?xi8>) {
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    gpu.terminator
  }
  gpu.launch blocks(%a, %b, %c) in (%d = %n, %e = %n, %g = %n) threads(%h, %i, %j) in (%k = %n, %l = %n, %m = %n) {
    %v = memref.load %x[%a] : memref<?xi8>
    memref.store %v, %x[%h] : memref<?xi8>
    gpu.terminator
  }
  return
}

// -----

gpu.module @m {
  gpu.func @k(%x: memref<4x4xvector<4xi8>, #gpu.address_space<workgroup>>, %y: memref<*xi8>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %v = memref.load %x[%c0, %c0] : memref<4x4xvector<4xi8>, #gpu.address_space<workgroup>>
    gpu.barrier
    gpu.return
  }
}

// -----

gpu.module @m {
  gpu.func @k(%x: memref<64xi8, #gpu.address_space<workgroup>>, %y: memref<64xindex, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 32, 1, 1>} {
    %d = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %e = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
    %c0 = arith.constant 0 : index
    %v = memref.load %y[%c0] : memref<64xindex, #gpu.address_space<workgroup>>
    %l = gpu.lane_id
    gpu.barrier
    gpu.return
  }
}

// -----

gpu.module @m <#nvvm.target<chip = "sm_1">> {
  gpu.func @k() kernel {
    gpu.return
  }
}

// -----

func.func private @qtc_emulator_barrier(%x: f32) -> f32 {
  return %x : f32
}
gpu.module @m {
  gpu.func @k() kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.barrier
    gpu.return
  }
}
