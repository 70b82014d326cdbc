// Functions that no pass of a model makes: declarations, odd types of arguments and results.

func.func private @f()

// -----

func.func private @forward(tensor<2x4xf32>) -> tensor<2x4xf32>

// -----

func.func private @train_step()
func.func private @evaluate()
func.func private @estimate()

// -----

func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @f() {
  return
}

// -----

func.func @forward() {
  return
}

// -----

func.func @train_step() {
  return
}

// -----

func.func @forward(%x: tensor<2x4xf32>) {
  return
}

// -----

func.func @forward(%x: f32) -> f32 {
  return %x : f32
}

// -----

func.func @forward(%x: vector<4xf32>) -> vector<4xf32> {
  return %x : vector<4xf32>
}

// -----

func.func @forward(%x: tensor<*xf32>) -> tensor<*xf32> {
  return %x : tensor<*xf32>
}

// -----

func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}

// -----

func.func @forward(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

func.func @forward(%x: tensor<0x4xf32>) -> tensor<0x4xf32> {
  return %x : tensor<0x4xf32>
}

// -----

func.func @forward(%x: tensor<2x0x3xf32>) -> tensor<2x0x3xf32> {
  return %x : tensor<2x0x3xf32>
}

// -----

func.func @forward(%x: tensor<9223372036854775807xf32>) -> tensor<9223372036854775807xf32> {
  return %x : tensor<9223372036854775807xf32>
}

// -----

func.func @forward(%x: tensor<4294967296x4294967296xf32>) -> tensor<4294967296x4294967296xf32> {
  return %x : tensor<4294967296x4294967296xf32>
}

// -----

func.func @train_step(%x: memref<*xf32>) -> memref<*xf32> {
  return %x : memref<*xf32>
}

// -----

func.func @train_step(%x: memref<4x?xf32, strided<[?, 1], offset: ?>>) {
  return
}

// -----

func.func @train_step(%x: memref<4x4xf32, affine_map<(i, j) -> (j, i + j)>>, %y: memref<4xi8, 3>, %z: memref<4xi8, "far">) {
  return
}

// -----

func.func @train_step(%x: index, %y: tensor<4xindex>, %z: memref<4xindex>) -> (index, tensor<4xindex>) {
  return %x, %y : index, tensor<4xindex>
}

// -----

func.func @train_step(%x: tensor<4xcomplex<f32>>, %y: complex<f64>) -> tensor<4xcomplex<f32>> {
  return %x : tensor<4xcomplex<f32>>
}

// -----

func.func @forward(%a: tensor<2x4xf64>, %b: tensor<2x4xbf16>, %c: tensor<2x4xf16>, %d: tensor<2x4xf8E5M2>,
                   %e: tensor<2x4xf80>, %f: tensor<2x4xtf32>) -> tensor<2x4xf64> {
  return %a : tensor<2x4xf64>
}

// -----

func.func @forward(%a: tensor<2x4xi1>, %b: tensor<2x4xi4>, %c: tensor<2x4xi64>, %d: tensor<2x4xsi8>,
                   %e: tensor<2x4xui16>, %f: tensor<2x4xi1000>) -> tensor<2x4xi4> {
  return %b : tensor<2x4xi4>
}

// -----

func.func @f(%x: none, %y: (i32) -> i32, %z: tuple<i32, tensor<4xf32>>) -> none {
  return %x : none
}

// -----

func.func @f(%x: tensor<4xvector<2xf32>>, %y: memref<4xvector<2xf32>>, %z: memref<2xmemref<3xi8>>) -> tensor<4xvector<2xf32>> {
  return %x : tensor<4xvector<2xf32>>
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<2x4xi8>>) -> !qtrain.scaled<tensor<2x4xi8>> {
  return %x : !qtrain.scaled<tensor<2x4xi8>>
}

// -----

func.func @f(%x: tensor<2x4xf32, #qtrain.channels_last>) -> tensor<2x4xf32, #qtrain.channels_last> {
  return %x : tensor<2x4xf32, #qtrain.channels_last>
}

// -----

func.func @f(%x: tensor<2x4xf32, "dense">) -> tensor<2x4xf32, "dense"> {
  return %x : tensor<2x4xf32, "dense">
}

// -----

func.func @f(%x: tensor<2x4x6x8xf32, #qtrain.channels_last>) -> tensor<2x4x6x8xf32, #qtrain.channels_last> {
  return %x : tensor<2x4x6x8xf32, #qtrain.channels_last>
}

// -----

func.func @f(%x: !llvm.ptr, %y: !llvm.struct<(i32, i64)>) -> !llvm.ptr {
  return %x : !llvm.ptr
}

// -----

func.func @f(%x: vector<[4]xf32>, %y: vector<0xf32>) {
  return
}

// -----

func.func private @g() {
  return
}
func.func nested @h() -> i32 {
  %0 = arith.constant 1 : i32
  return %0 : i32
}
