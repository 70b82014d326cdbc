// Marks: missing, of wrong kinds, twice, of what does not exist.

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @nothing}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = "w"}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @a::@b}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @g() { return }
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @g}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<3x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w},
                   %v: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %v : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// A parameter that is used twice is fine.
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// The input is a parameter.
qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @forward(%w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<4x4xf32> {
  %0 = qtrain.linear %w, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = 3 : i64}) {
  return
}

// -----

func.func @train_step(%x: tensor<2x4xf32> {qtrain.role = #qtrain.role<seed>}, %y: f32 {qtrain.role = #qtrain.role<target>}) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}

// -----

func.func @train_step(%x: i64 {qtrain.role = #qtrain.role<input>}, %y: i64 {qtrain.role = #qtrain.role<arena>},
                      %z: i64 {qtrain.role = "weather"}) {
  return
}

// -----

func.func @train_step(%x: i64 {qtrain.role = #qtrain.role<seed>}, %y: i64 {qtrain.role = #qtrain.role<seed>}) {
  return
}

// -----

func.func @train_step(%x: i64 {qtrain.argument = "seed"}) {
  return
}

// -----

func.func @train_step(%x: i64 {qtrain.colour = "blue"}) {
  return
}

// -----

func.func @train_step(%x: tensor<4xf32> {qtrain.parameter = @w}) -> (tensor<4xf32> {qtrain.role = #qtrain.role<seed>}) {
  return %x : tensor<4xf32>
}

// -----

func.func @train_step(%x: tensor<4xi8>) -> (tensor<4xi8> {qtrain.parameter = @w}) {
  return %x : tensor<4xi8>
}

// -----

func.func @train_step(%x: tensor<4xi8> {qtrain.parameter = @w}, %y: tensor<5xi8>) -> (tensor<5xi8> {qtrain.parameter = @w}) {
  return %y : tensor<5xi8>
}

// -----

func.func @train_step(%x: tensor<4xi8> {qtrain.parameter = @w}, %y: i32) -> (tensor<4xi8> {qtrain.parameter = @w}, i32) {
  return %x, %y : tensor<4xi8>, i32
}

// -----

func.func @f(%x: memref<4xi8>) attributes {qkernel.kernel = "yes", qkernel.profile = [1, 2]} {
  return
}

// -----

func.func @f(%x: memref<4xi8>) attributes {qkernel.profile = "none"} {
  return
}

// -----

func.func @f(%x: memref<4xi8> {qkernel.root = 0 : i64}, %y: memref<4xi8> {qkernel.root = 9 : i64}) attributes {qkernel.kernel} {
  return
}

// -----

func.func @f(%x: i32, %y: memref<4xi8> {qkernel.root = 0 : i64}) attributes {qkernel.kernel} {
  return
}

// -----

func.func @f(%x: memref<4xi8> {qkernel.root = "x", llvm.align = "y"}) {
  return
}

// -----

func.func @f(%x: memref<4xi8>) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    scf.reduce
  } {qkernel.kind = 3 : i64, qkernel.macs = "many"}
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<2x4xi8>>, %w: !qtrain.scaled<tensor<4x4xi8>>) -> !qtrain.scaled<tensor<2x4xi32>> {
  %0 = qtrain.linear %x, %w {bounds = "large", nonnegative = 7 : i32, wide = 3 : i8}
    : (!qtrain.scaled<tensor<2x4xi8>>, !qtrain.scaled<tensor<4x4xi8>>) -> !qtrain.scaled<tensor<2x4xi32>>
  return %0 : !qtrain.scaled<tensor<2x4xi32>>
}

// -----

module attributes {qtrain.parameter = @w, qkernel.kernel, gpu.container_module, llvm.data_layout = "e"} {
  func.func @f() attributes {qtrain.parameter = @w, qtrain.role = #qtrain.role<seed>} {
    return
  }
}
