// Operations and types that the passes have never heard of.

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = "other.op"(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}) -> tensor<2x4xf32> {
  %0 = "other.op"(%x) : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

func.func @f(%x: !other.type, %y: tensor<4x!other.type>) -> !other.type {
  %0 = "other.op"(%x) : (!other.type) -> !other.type
  return %0 : !other.type
}

// -----

func.func @f(%x: memref<4xi8>) {
  "other.op"() ({
    %c0 = arith.constant 0 : index
    %0 = memref.load %x[%c0] : memref<4xi8>
    "other.end"() : () -> ()
  }, {
  ^a:
    "other.branch"()[^b] : () -> ()
  ^b:
    "other.end"() : () -> ()
  }) : () -> ()
  return
}

// -----

func.func @f(%x: memref<4xi8>) {
  "other.end"() : () -> ()
}

// -----

func.func @f(%x: memref<4xi8>) {
  "other.op"() ({
    %0 = qtrain.random %s, %t {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<4xi16>
    %s, %t = "other.op"(%0) : (tensor<4xi16>) -> (i64, i32)
  }) : () -> ()
  return
}

// -----

"other.op"() ({
  func.func private @f()
  func.func @g(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
    return %x : tensor<2x4xf32>
  }
}) {sym_name = 5 : i32} : () -> ()

// -----

gpu.module @m {
  "other.op"() {sym_name = 5 : i32} : () -> ()
  "other.op"() {sym_name = "a"} : () -> ()
}

// -----

func.func @f(%x: memref<8xf32>) {
  affine.for %i = 0 to 8 {
    affine.parallel (%j) = (0) to (8) {
      %0 = affine.load %x[%j] : memref<8xf32>
      affine.store %0, %x[%i] : memref<8xf32>
    }
  }
  return
}

// -----

func.func @f(%x: vector<4xf32>, %y: vector<[4]xf32>) -> vector<4xf32> {
  %0 = vector.broadcast %x : vector<4xf32> to vector<2x4xf32>
  %1 = vector.extract %0[1] : vector<4xf32> from vector<2x4xf32>
  %2 = arith.addf %y, %y : vector<[4]xf32>
  return %1 : vector<4xf32>
}

// -----

func.func @f(%x: f32, %y: complex<f32>) -> f32 {
  %0 = math.tanh %x : f32
  %1 = math.powf %0, %x : f32
  %2 = "other.op"(%1) {a = #other.attribute<1>, b = !other.type} : (f32) -> f32
  return %2 : f32
}

// -----

func.func @f(%t: tensor<4xf32>, %b: memref<4xf32>) -> tensor<4xf32> {
  %0 = bufferization.to_tensor %b restrict writable : memref<4xf32>
  %1 = bufferization.to_memref %t : memref<4xf32>
  bufferization.materialize_in_destination %t in restrict writable %b : (tensor<4xf32>, memref<4xf32>) -> ()
  %2 = builtin.unrealized_conversion_cast %0 : tensor<4xf32> to !qtrain.scaled<tensor<4xi8>>
  %3 = builtin.unrealized_conversion_cast %2 : !qtrain.scaled<tensor<4xi8>> to tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<2x4xi8>>) -> tensor<2x4xi1> {
  %0 = builtin.unrealized_conversion_cast %x : !qtrain.scaled<tensor<2x4xi8>> to tensor<2x4xi1>
  %1 = builtin.unrealized_conversion_cast to tensor<2x4xi1>
  %2 = qtrain.apply_mask %x, %0 : (!qtrain.scaled<tensor<2x4xi8>>, tensor<2x4xi1>) -> !qtrain.scaled<tensor<2x4xi8>>
  %3 = qtrain.apply_mask %2, %1 : (!qtrain.scaled<tensor<2x4xi8>>, tensor<2x4xi1>) -> !qtrain.scaled<tensor<2x4xi8>>
  return %0 : tensor<2x4xi1>
}
