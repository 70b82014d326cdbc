// Operations of the middle end where it has none: outside of functions, and in functions of other dialects.

%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c4 = arith.constant 4 : index
%x = memref.alloc() : memref<4xi8>
scf.for %i = %c0 to %c4 step %c1 {
  %0 = memref.load %x[%i] : memref<4xi8>
  memref.store %0, %x[%i] : memref<4xi8>
}
scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
  scf.reduce
}

// -----

%x = memref.alloc() : memref<8x10xi32>
%m = memref.alloc() : memref<i32>
qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%m : memref<i32>)

// -----

%a = memref.alloc() : memref<64xi8>
%b = memref.alloc() : memref<64xi8>
%acc = memref.alloc() : memref<1x1xi32>
qkernel.contract ins(%a, %b : memref<64xi8>, memref<64xi8>) outs(%acc : memref<1x1xi32>)
  {contraction = #qkernel.contraction<rows = [1] strides [64], steps = [1] a [4] b [4], columns = 1 panel 16 stride 1024>}

// -----

%x = tensor.empty() : tensor<1x4x4x16xi8>
%w = tensor.empty() : tensor<16x16x1x1xi8>
%y = tensor.empty() : tensor<1x4x4x16xi32>
%0 = qkernel.conv2d ins(%x, %w : tensor<1x4x4x16xi8>, tensor<16x16x1x1xi8>) outs(%y : tensor<1x4x4x16xi32>)
  {group = 1 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>} -> tensor<1x4x4x16xi32>

// -----

llvm.func @f(%x: !qtrain.scaled<tensor<2x4xi8>>) {
  llvm.return
}

// -----

llvm.func @f(%n: i64, %p: !llvm.ptr) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = memref.alloc() : memref<4xi8>
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    %0 = memref.load %x[%i] : memref<4xi8>
    memref.store %0, %x[%i] : memref<4xi8>
    scf.reduce
  }
  qkernel.launch @task() on %p : !llvm.ptr count 4
  qkernel.mark 0 on %p : !llvm.ptr
  llvm.return
}
func.func private @task(%b: index, %e: index) {
  return
}

// -----

llvm.func @train_step(%x: !llvm.ptr) {
  %0 = arith.constant dense<1.0> : tensor<2x4xf32>
  %1 = qtrain.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  llvm.return
}

// -----

gpu.module @m {
  gpu.func @k(%x: memref<8x10xi32>, %m: memref<i32>) kernel {
    qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%m : memref<i32>)
    gpu.return
  }
  func.func @f(%x: memref<8x10xi32>, %m: memref<i32>) {
    qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%m : memref<i32>)
    return
  }
}

// -----

func.func @f() -> tensor<9223372036854775807xi8> {
  %0 = arith.constant dense<1> : tensor<9223372036854775807xi8>
  %1 = tensor.empty() : tensor<4294967296x4294967296xf32>
  return %0 : tensor<9223372036854775807xi8>
}

// -----

memref.global "private" constant @table : memref<4294967296x4294967296xi8> = dense<1>
func.func @f(%y: memref<i8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = memref.get_global @table : memref<4294967296x4294967296xi8>
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    %1 = memref.load %0[%i, %i] : memref<4294967296x4294967296xi8>
    memref.store %1, %y[] : memref<i8>
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<8x10xi32>, %m: memref<i32>) {
  linalg.generic {indexing_maps = [affine_map<() -> ()>], iterator_types = []} outs(%m : memref<i32>) {
  ^bb0(%a: i32):
    qkernel.max_abs ins(%x : memref<8x10xi32>) outs(%m : memref<i32>)
    %c = arith.constant true
    %b = scf.if %c -> i32 {
      scf.yield %a : i32
    } else {
      %d = qkernel.magnitude_bits %a : (i32) -> i32
      scf.yield %d : i32
    }
    linalg.yield %b : i32
  }
  return
}

// -----

func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}) -> tensor<2x4xf32> {
  %c = arith.constant 1.0 : f32
  %0 = tensor.splat %c : tensor<2x4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} outs(%0 : tensor<2x4xf32>) {
  ^bb0(%a: f32):
    linalg.yield %a : f32
  } -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
