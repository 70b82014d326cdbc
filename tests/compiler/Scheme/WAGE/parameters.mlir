// RUN: qtc-opt %s -qtrain-apply-wage | FileCheck %s
// RUN: qtc-opt %s -qtrain-apply-wage="storage-bits=12 weight-clip=paper" | FileCheck %s --check-prefix=WIDE
// RUN: qtc-opt %s -qtrain-apply-wage=scheme-init=1 | FileCheck %s --check-prefix=INIT
// RUN: qtc-opt %s -qtrain-apply-wage="scheme-init=1 weight-bits=4 storage-bits=12" | FileCheck %s --check-prefix=INIT4

// 25 products: log2 alpha is floor((floor(log2(6 * 25)) - 4) / 2) = 1, which the
// exponent 1 - kG - 1 has. Weights get the deviation of uniform ones within 0.75:
// all of one magnitude are 0.75/sqrt(3) = 0.433, 55 of 128, or 887 of 2048. The
// scheme's own are three levels of 64; with 4 bits L0 = sqrt(3/25) is 2.77 steps
// of 1/8, and alpha is 1.

//  CHECK: qtrain.parameter @weight id 1 exponent -8 = dense<{{.*}}> : tensor<1x25xi8>
//   WIDE: qtrain.parameter @weight id 1 exponent -12 = dense<{{.*}}> : tensor<1x25xi16>
//   INIT: qtrain.parameter @weight id 1 exponent -8 uniform 64 levels 3 = dense<{{\[\[}}0, -64, 0, -64, -64, 0, {{.*}}, 64, 0]]> : tensor<1x25xi8>
//  INIT4: qtrain.parameter @weight id 1 exponent -11 uniform 256 levels 5 = dense<{{.*}}> : tensor<1x25xi16>
qtrain.parameter @weight id 1 = dense<0.125> : tensor<1x25xf32>

// A bias has the exponent of weights and takes part in their scaling, but always
// has 16 bits, and their limit: 0.25 * 0.433/0.125 = 0.866, 111 of 128, which a
// weight could not be.

//  CHECK: qtrain.parameter @bias id 0 exponent -8 = dense<111> : tensor<1xi16>
//   WIDE: qtrain.parameter @bias id 0 exponent -12 = dense<1774> : tensor<1xi16>
//   INIT: qtrain.parameter @bias id 0 exponent -8 = dense<0> : tensor<1xi16>
qtrain.parameter @bias id 0 = dense<0.25> : tensor<1xf32>

// The form of pixels of one channel is p/256, of 7 bits, ties to even: 1 is 0, 3 is 2.

//  CHECK: qtrain.lookup %{{.+}} {exponent = -7 : si32, table = dense<"0x00000102
func.func @train_step(%p: tensor<2x25xui8> {qtrain.role = #qtrain.role<input>}, %w: tensor<1x25xf32> {qtrain.parameter = @weight},
                      %b: tensor<1xf32> {qtrain.parameter = @bias}) -> tensor<2x1xf32> {
  %x = qtrain.normalize %p {divisor = 255.0 : f64, mean = array<f64: 0.0>, std = array<f64: 1.0>}
    : (tensor<2x25xui8>) -> tensor<2x25xf32>
  %0 = qtrain.linear %x, %w : (tensor<2x25xf32>, tensor<1x25xf32>) -> tensor<2x1xf32>
  %1 = qtrain.bias_add %0, %b : (tensor<2x1xf32>, tensor<1xf32>) -> tensor<2x1xf32>
  return %1 : tensor<2x1xf32>
}
