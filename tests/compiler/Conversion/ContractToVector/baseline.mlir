// RUN: qtc-opt %s -convert-contract-to-vector=isa=baseline -cse | FileCheck %s

// The instructions of every x86-64: panels are two vectors of four columns wide.

// CHECK-LABEL: func @contract
//       CHECK:   %{{.+}}:9 = scf.for {{.+}} -> (index, vector<4xi32>,
//       CHECK:     llvm.call_intrinsic "llvm.x86.sse2.pmadd.wd"
func.func @contract(%a: memref<4160xi8>, %b: memref<512xi8>,
                    %acc: memref<64x8xi32>) {
  qkernel.contract ins(%a, %b : memref<4160xi8>, memref<512xi8>)
    outs(%acc : memref<64x8xi32>)
    {contraction = #qkernel.contraction<rows = [64] strides [64],
     steps = [16] a [4] b [32], columns = 8 panel 8 stride 512>}
  return
}

// Of floats they are three wide; a multiply-add is two instructions.

// CHECK-LABEL: func @contract_floats
//       CHECK:   %{{.+}}:10 = scf.for {{.+}} -> (index, vector<4xf32>,
//       CHECK:     vector.fma
func.func @contract_floats(%a: memref<1024xf32>, %b: memref<192xf32>,
                           %acc: memref<64x12xf32>) {
  qkernel.contract ins(%a, %b : memref<1024xf32>, memref<192xf32>)
    outs(%acc : memref<64x12xf32>)
    {contraction = #qkernel.contraction<rows = [64] strides [16],
     steps = [16] a [1] b [12], columns = 12 panel 12 stride 192>}
  return
}
