// RUN: qtc-opt %s -pass-pipeline='builtin.module(func.func(plan-arena))' -split-input-file -verify-diagnostics

// A pass names what it relies on, at the function that is otherwise. Nothing is asked of declarations.

func.func private @f(tensor<*xf32>)

// -----

// expected-error @below {{pass 'plan-arena' expects a function of one block that ends with func.return}}
func.func @f() {
  cf.br ^a
^a:
  return
}

// -----

// expected-error @below {{pass 'plan-arena' expects a function of one block that ends with func.return}}
func.func @f() {
  "llvm.unreachable"() : () -> ()
}

// -----

func.func @f(%c: i1, %x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = scf.if %c -> tensor<2xf32> {
    // expected-error @below {{pass 'plan-arena' expects operations of qtrain in the body of the function, but got 'qtrain.relu' in another operation}}
    %1 = qtrain.relu %x : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %1 : tensor<2xf32>
  } else {
    scf.yield %x : tensor<2xf32>
  }
  return %0 : tensor<2xf32>
}
