// Allocations, views and linalg on buffers.

func.func @f(%n: index) {
  %0 = memref.alloc(%n) : memref<?xi8>
  return
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<4294967296x4294967296xf32>
  %1 = memref.alloc() : memref<9223372036854775807xi64>
  return
}

// -----

func.func @f() -> memref<4xindex> {
  %0 = memref.alloc() : memref<4xindex>
  %1 = memref.alloc() : memref<0xi8>
  return %0 : memref<4xindex>
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<4xindex>
  return
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<4xvector<4xf32>>
  %1 = memref.alloc() : memref<4xmemref<4xf32>>
  %2 = memref.alloc() : memref<4xcomplex<f32>>
  %3 = memref.alloc() : memref<4x!llvm.ptr>
  return
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<4x4xi8, strided<[8, 2], offset: 3>>
  %1 = memref.alloc() : memref<4xi8, 3>
  return
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<4xi8, 3>
  return
}

// -----

func.func @f() {
  %0 = memref.alloc() : memref<3xi1>
  %1 = memref.alloc() : memref<3xi5>
  %2 = memref.alloc() : memref<f64>
  %3 = memref.alloc() : memref<3xbf16>
  memref.dealloc %0 : memref<3xi1>
  return
}

// -----

func.func @f() -> memref<4xi8> {
  %0 = memref.alloc() : memref<4xi8>
  return %0 : memref<4xi8>
}

// -----

memref.global "private" constant @table : memref<4xi8> = dense<1>
func.func @f(%y: memref<4xi8>) {
  %0 = memref.get_global @table : memref<4xi8>
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%0 : memref<4xi8>) outs(%y : memref<4xi8>) {
  ^bb0(%a: i8, %b: i8):
    linalg.yield %a : i8
  }
  return
}

// -----

func.func @f(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  linalg.copy ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// -----

func.func @f(%x: memref<4xmemref<4xi8>>, %y: memref<4xindex>) {
  %c0 = arith.constant 0 : index
  linalg.fill ins(%c0 : index) outs(%y : memref<4xindex>)
  return
}

// -----

func.func @f(%x: memref<4x4xi8, strided<[8, 1], offset: ?>>) {
  %0 = memref.subview %x[1, 1] [2, 2] [1, 1] : memref<4x4xi8, strided<[8, 1], offset: ?>> to memref<2x2xi8, strided<[8, 1], offset: ?>>
  %c = arith.constant 1 : i8
  linalg.fill ins(%c : i8) outs(%0 : memref<2x2xi8, strided<[8, 1], offset: ?>>)
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : tensor<4xf32>) outs(%y : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    linalg.yield %c : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%0 : tensor<4xf32>) outs(%0 : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %b : f32
  } -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @f(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %e = tensor.empty(%n) : tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["reduction"]}
    ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

func.func @f(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>, %c: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<4x4xf32> into tensor<16xf32>
  %2 = tensor.expand_shape %1 [[0, 1, 2]] output_shape [2, 2, 4] : tensor<16xf32> into tensor<2x2x4xf32>
  %3 = tensor.extract_slice %0[0, 0] [2, 2] [2, 2] : tensor<4x4xf32> to tensor<2x2xf32>
  return %0 : tensor<4x4xf32>
}
