// Training that schemes, backward pass and conversion cannot make anything of.

func.func @train_step(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %0 = qtrain.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> (tensor<2x4xf32>, i32) {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = arith.constant 1 : i32
  return %1, %2 : tensor<2x4xf32>, i32
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = arith.constant dense<1.0> : tensor<2x4xf32>
  %1 = qtrain.linear %0, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @s id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %s: tensor<4xf32> {qtrain.parameter = @s}) -> tensor<2x4xf32> {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.relu %s : (tensor<4xf32>) -> tensor<4xf32>
  %y, %m, %v, %nm, %nv = qtrain.batch_norm_training %0, %1, %1, %s, %s {epsilon = 1.0e-5 : f64, momentum = 1.0e-1 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y : tensor<2x4xf32>
}

// -----

qtrain.parameter @s id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %s: tensor<4xf32> {qtrain.parameter = @s}) -> tensor<2x4xf32> {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %y, %m, %v, %nm, %nv = qtrain.batch_norm_training %0, %s, %s, %s, %s {epsilon = 1.0e-5 : f64, momentum = 1.0e-1 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4x4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<4x4xf32> {qtrain.parameter = @w}) -> tensor<4x4xf32> {
  %0 = qtrain.update %w, %w {symbol = @w} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<2x4xf32>
func.func @train_step(%l: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %w: tensor<2x4xf32> {qtrain.parameter = @w},
                      %s: i64 {qtrain.role = #qtrain.role<seed>}, %t: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<2x4xf32> {
  %0 = qtrain.loss_gradient %w, %l {loss = #qtrain.loss<sse>} : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %1 = qtrain.relu_gradient %w, %0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// Weighed errors of no loss.
qtrain.parameter @w id 0 = dense<1.0> : tensor<2x4xf32>
func.func @train_step(%l: tensor<2xi32> {qtrain.role = #qtrain.role<target>}, %w: tensor<2x4xf32> {qtrain.parameter = @w},
                      %s: i64 {qtrain.role = #qtrain.role<seed>}, %t: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<2x4xf32> {
  %0 = qtrain.weigh_error %w, %l {ignored = 1 : i32} : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  %1 = qtrain.average_error %0, %l {weights = array<f64: 0.0, 0.0, 1.0e-300, 1.0e300>} : (tensor<2x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

qtrain.parameter @w id 0 = dense<1.0> : tensor<4xf32>
func.func @train_step(%x: tensor<2x4xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<4xf32> {qtrain.parameter = @w}) -> tensor<2x4xf32> {
  %0 = qtrain.normalize %x {divisor = 2.55e+02 : f64, mean = array<f64: 1.0e308>, std = array<f64: 1.0e-308>}
    : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %1 = qtrain.bias_add %0, %w : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

// The forward pass of training alone.
func.func @forward(%x: tensor<2x4xf32>, %s: i64 {qtrain.role = #qtrain.role<seed>}, %t: i32 {qtrain.role = #qtrain.role<step>}) -> tensor<4xi16> {
  %0 = qtrain.random %s, %t {id = 0 : i64, purpose = #qtrain.purpose<dropout>} : (i64, i32) -> tensor<4xi16>
  return %0 : tensor<4xi16>
}

// -----

func.func @forward(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>, %n: i32) -> tensor<2x4xf32> {
  %0 = qtrain.sum %x, %y : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}
func.func @evaluate() { return }
func.func @train_step() { return }

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  return %x : tensor<2x4xf32>
}
func.func @g(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = call @forward(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4x2xf32>) -> tensor<2x4x2xf32> {
  return %x : tensor<2x4x2xf32>
}

// -----

qtrain.parameter @m id 0 kind buffer = dense<1.0> : tensor<4xf32>
func.func @forward(%x: tensor<2x4xf32>, %m: tensor<4xf32> {qtrain.parameter = @m})
    -> (tensor<2x4xf32>, tensor<4xf32> {qtrain.parameter = @m}, tensor<4xf32> {qtrain.parameter = @m}) {
  %y, %a, %b, %nm, %nv = qtrain.batch_norm_training %x, %m, %m, %m, %m {epsilon = 1.0e-5 : f64, momentum = 1.0e-1 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  return %y, %nm, %nv : tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Windows and sizes beyond all bounds.
func.func @f(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) {
  %0 = qtrain.conv2d %x, %w {window = #qtrain.window<kernel = [1, 1], strides = [1, 1],
    pads = [9223372036854775807, 0, 1, 0], dilations = [1, 1]>}
    : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x1x4x4xf32>) {
  %0 = qtrain.max_pool2d %x {window = #qtrain.window<kernel = [0, -1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x1x4x4xf32>) {
  %0 = qtrain.average_pool2d %x {window = #qtrain.window<kernel = [1], strides = [], pads = [0], dilations = [1, 1, 1]>}
    : (tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x1x1xf32>) {
  %0 = qtrain.conv2d %x, %w {group = 0 : i64, window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return
}

// -----

func.func @f(%x: tensor<1099511627776x1xf32>, %w: tensor<1x1xf32>) -> tensor<1099511627776x1xf32> {
  %0 = qtrain.linear %x, %w : (tensor<1099511627776x1xf32>, tensor<1x1xf32>) -> tensor<1099511627776x1xf32>
  return %0 : tensor<1099511627776x1xf32>
}

// -----

func.func @f(%x: tensor<1048576x1048576xf32>, %w: tensor<1048576x1048576xf32>) -> tensor<1048576x1048576xf32> {
  %0 = qtrain.linear %x, %w : (tensor<1048576x1048576xf32>, tensor<1048576x1048576xf32>) -> tensor<1048576x1048576xf32>
  return %0 : tensor<1048576x1048576xf32>
}

// -----

func.func @f(%m: tensor<1x1x1x1xi8>, %w: tensor<1x1x1x1xi8>, %e: i32) -> tensor<1x1x1x1xi32> {
  %0 = qtrain.compose %m, %e : (tensor<1x1x1x1xi8>, i32) -> !qtrain.scaled<tensor<1x1x1x1xi8>>
  %1 = qtrain.compose %w, %e : (tensor<1x1x1x1xi8>, i32) -> !qtrain.scaled<tensor<1x1x1x1xi8>>
  %2 = qtrain.conv2d %0, %1 {window = #qtrain.window<kernel = [1, 1], strides = [4194304, 4194304],
    pads = [4194304, 4194304, 4194303, 4194303], dilations = [4194304, 4194304]>}
    : (!qtrain.scaled<tensor<1x1x1x1xi8>>, !qtrain.scaled<tensor<1x1x1x1xi8>>) -> !qtrain.scaled<tensor<1x1x2x2xi32>>
  %3, %4 = qtrain.decompose %2 : (!qtrain.scaled<tensor<1x1x2x2xi32>>) -> (tensor<1x1x2x2xi32>, i32)
  return %m : tensor<1x1x1x1xi8>
}

// -----

func.func @f(%x: tensor<2x4xf32>) {
  %0 = qtrain.local_response_norm %x {size = 9223372036854775807 : i64, alpha = 1.0e-4 : f64, beta = 7.5e-1 : f64, bias = 1.0 : f64}
    : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%m: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %x = qtrain.compose %m : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = qtrain.local_response_norm %x {size = 9223372036854775807 : i64, alpha = 1.0e-4 : f64, beta = 7.5e-1 : f64, bias = 1.0 : f64}
    : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.decompose %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

func.func @f(%p: tensor<1x2xui8>) {
  %0 = qtrain.lookup %p {exponent = -7 : si32, table = dense<1> : vector<1x256xi8>} : (tensor<1x2xui8>) -> !qtrain.scaled<tensor<1x2xi8>>
  %1 = qtrain.lookup %p {exponent = -7 : si32, table = dense_resource<t> : tensor<1x256xi8>} : (tensor<1x2xui8>) -> !qtrain.scaled<tensor<1x2xi8>>
  return
}

// -----

func.func @f(%p: tensor<1x2xui8>, %w: tensor<3x2xi8>, %e: i32) -> tensor<1x3xi64> {
  %0 = qtrain.lookup %p {exponent = -7 : si32, table = dense<-9223372036854775808> : tensor<1x256xi64>} : (tensor<1x2xui8>) -> !qtrain.scaled<tensor<1x2xi64>>
  %1 = qtrain.compose %w, %e : (tensor<3x2xi8>, i32) -> !qtrain.scaled<tensor<3x2xi8>>
  %2 = qtrain.linear %0, %1 : (!qtrain.scaled<tensor<1x2xi64>>, !qtrain.scaled<tensor<3x2xi8>>) -> !qtrain.scaled<tensor<1x3xi64>>
  %3, %4 = qtrain.decompose %2 : (!qtrain.scaled<tensor<1x3xi64>>) -> (tensor<1x3xi64>, i32)
  return %3 : tensor<1x3xi64>
}

// -----

// One form alone.
func.func @f(%x: tensor<2x1x4x4xf32>, %y: !qtrain.scaled<tensor<2x1x4x4xi8>>, %l: tensor<2xi32>, %a: tensor<2x4xf32>) {
  %0 = qtrain.max_pool2d_gradient %x, %x {window = #qtrain.window<kernel = [1, 1], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<2x1x4x4xf32>, tensor<2x1x4x4xf32>) -> !qtrain.scaled<tensor<2x1x4x4xi8>>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>, %l: tensor<2xi32>) {
  %0 = qtrain.loss_gradient %x, %l {loss = #qtrain.loss<sse>} : (tensor<2x4xf32>, tensor<2xi32>) -> !qtrain.scaled<tensor<2x4xi32>>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>, %y: !qtrain.scaled<tensor<2x4xi8>>) {
  %0 = qtrain.relu_gradient %x, %y : (tensor<2x4xf32>, !qtrain.scaled<tensor<2x4xi8>>) -> !qtrain.scaled<tensor<2x4xi8>>
  %1 = qtrain.update %x, %y : (tensor<2x4xf32>, !qtrain.scaled<tensor<2x4xi8>>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>) {
  %0 = qtrain.concat {axis = 1 : i64} : () -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = qtrain.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.relu_gradient %0, %y : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<1x1x2x2xf32>, %e: tensor<1x1x2x2xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x2x2xf32>) {
  %0 = qtrain.relu %x : (tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  %1 = qtrain.max_pool2d %0 {window = #qtrain.window<kernel = [2, 2], strides = [2, 2], pads = [0, 0, 0, 0], dilations = [1, 1]>}
    : (tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32>
  %2 = qtrain.relu_gradient %0, %e : (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %1, %2 : tensor<1x1x1x1xf32>, tensor<1x1x2x2xf32>
}

// -----

// Floats and mantissas without a function around them.
%m, %e = "qtrain.decompose"(%x) : (!qtrain.scaled<tensor<2x4xi8>>) -> (tensor<2x4xi8>, i32)
%x = "qtrain.compose"(%m, %e) : (tensor<2x4xi8>, i32) -> !qtrain.scaled<tensor<2x4xi8>>
%f = qtrain.relu %f : (tensor<2x4xf32>) -> tensor<2x4xf32>
%w = qtrain.transpose %w {permutation = array<i64: 0, 1>} : (tensor<4x4xf32>) -> tensor<4x4xf32>
%y = qtrain.linear %f, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
%g, %m0, %v0, %nm, %nv = qtrain.batch_norm_training %y, %s, %s, %s, %s {epsilon = 1.0e-5 : f64, momentum = 1.0e-1 : f64}
    : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    -> (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
%s = qtrain.reshape %s : (tensor<4xf32>) -> tensor<4xf32>

// -----

func.func @f(%x: tensor<2x4xf32>) {
  %0 = qtrain.concat {axis = 4294967296 : i64} : () -> tensor<2x4xf32>
  return
}
