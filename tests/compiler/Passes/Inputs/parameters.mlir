// Parameters: odd types, values and references.

qtrain.parameter @w id 0 = dense<1.0> : vector<4xf32>

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<9223372036854775807xf32>

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4294967296x4294967296xf32>

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<1099511627776xf32>

// -----

qtrain.parameter @w id 0 = dense<> : tensor<0xf32>

// -----

qtrain.parameter @w id 0 = dense<> : tensor<0x4xf32>

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<f32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<f32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4xf64>

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4xbf16>

// -----

qtrain.parameter @w id 0 exponent 1 = dense<true> : tensor<4xi1>

// -----

qtrain.parameter @w id 0 exponent 1 = dense<1> : tensor<4xi4>

// -----

qtrain.parameter @w id 0 exponent 1 = dense<1> : tensor<4xui8>

// -----

qtrain.parameter @w id 0 = dense<(1.0, 2.0)> : tensor<4xcomplex<f32>>

// -----

qtrain.parameter @w id 0 = dense<"text"> : tensor<4x!qtrain.scaled<tensor<2xi8>>>

// -----

qtrain.parameter @w id 0 = sparse<[[0, 0]], [1.0]> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense_resource<blob> : tensor<4x4xf32>
func.func @forward(%x: tensor<2x4xf32>, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<[0x7FC00000, 0x7F800000, 0xFF800000, 1.0]> : tensor<4xf32>
func.func @train_step(%x: tensor<2x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 kind evaluation origin @nothing = dense<1.0> : tensor<4xf32>

// -----

func.func @f() { return }
qtrain.parameter @w id 0 kind evaluation origin @f = dense<1.0> : tensor<4xf32>

// -----

qtrain.parameter @v id 0 kind buffer = dense<1.0> : tensor<5xf32>
qtrain.parameter @w id 0 kind evaluation origin @v = dense<1.0> : tensor<4xf32>

// -----

qtrain.parameter @w id 0 kind evaluation origin @w = dense<1.0> : tensor<4xf32>

// -----

qtrain.parameter @w id 0 kind optimizer = dense<1.0> : tensor<4xf32>
qtrain.parameter @v id 0 kind scratch = dense<1.0> : tensor<4xf32>

// -----

qtrain.parameter @w id 9223372036854775807 exponent -2147483648 uniform 32767 = dense<1> : tensor<4xi16>

// -----

qtrain.parameter @w id 0 exponent 2147483647 = dense<-9223372036854775808> : tensor<4xi64>
func.func @f(%x: tensor<4xi64> {qtrain.parameter = @w}) -> tensor<4xi64> {
  return %x : tensor<4xi64>
}

// -----

// Names that a terminal obeys.
qtrain.parameter @"parameter.\1B[31mred\0Aerror: forged" id 0 = dense<0x7FC00000> : tensor<4x4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>},
                      %w: tensor<4x4xf32> {qtrain.parameter = @"parameter.\1B[31mred\0Aerror: forged"}) -> tensor<2x4xf32> {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

module {
  module @inner {
    qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
  }
  func.func @train_step(%w: tensor<4x4xf32> {qtrain.parameter = @w}, %g: tensor<4x4xf32> {qtrain.parameter = @g}) -> tensor<4x4xf32> {
    %0 = qtrain.update %w, %g {symbol = @w} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
    return %0 : tensor<4x4xf32>
  }
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @train_step(%w: tensor<4x4xf32> {qtrain.parameter = @w}, %s: i64 {qtrain.role = #qtrain.role<schedule>},
                      %e: i64 {qtrain.role = #qtrain.role<seed>}, %t: i32 {qtrain.role = #qtrain.role<step>},
                      %l: tensor<4xi32> {qtrain.role = #qtrain.role<target>}) -> (tensor<4x4xf32>, tensor<4x4xf32> {qtrain.parameter = @w}) {
  %0 = qtrain.update %w, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0, %0 : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @train_step(%w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<4x4xf32> {
  %0 = qtrain.update %w, %w {symbol = @train_step} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
