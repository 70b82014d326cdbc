//===- ContractToVector.td - Packed kernels to loops -------*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACTTOVECTOR_TD
#define QTC_CONVERSION_CONTRACTTOVECTOR_TD

include "mlir/Pass/PassBase.td"

def ConvertContractToVector : Pass<"convert-contract-to-vector"> {
  let summary = "Turns packed contractions into loops over vector registers";
  let description = [{
    Lowers `qkernel.contract`, `qkernel.pack_activation`, `qkernel.pack_weight`,
    `qkernel.unpack_weight` and `direct` convolutions on buffers to
    `scf.parallel` over independent tasks that contain loops around a tile of
    accumulators in registers. The instruction set determines the size of the
    tile and the instruction that accumulates four products of bytes; its other
    numbers are in `compiler/Target/CPU`. Results of integers do not depend on
    it.

    Extents and distances that the inner loop does not depend on are values
    (`qkernel.size`), so that layers that differ only in these share one task.

    For floats, `vector.fma` accumulates one product. Sums are formed in the
    order of steps, so results do not depend on tasks and blocks, only on
    whether the instruction set rounds a product before the addition.

    Before:

    ```mlir
    qkernel.contract ins(%a, %b : memref<4160xi8>, memref<4096xi8>)
      outs(%acc, %max : memref<64x16xi32>, memref<i32>)
      {contraction = #qkernel.contraction<rows = [64] strides [64],
       steps = [16] a [4] b [64], columns = 16 panel 16 stride 1024>}
    ```

    After, with `isa=avx512vnni`, for each tile of 14 rows:

    ```mlir
    %tile:14 = scf.for %k = %c0 to %c16 step %c1 iter_args(...) {
      %b0 = vector.load %b[...] : memref<4096xi8>, vector<64xi8>
      ...
      %next = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%acc, %a0, %b0)
      ...
    }
    ```

    Where the instruction multiplies 16-bit numbers (`vpmaddwd`), a task first
    widens a block of a panel of B into memory on its stack (`memref.alloca` in
    the parallel loop), from which the tiles of all its rows read it.

    Every `scf.parallel` carries the attributes `qkernel.kind` and
    `qkernel.macs` of the operation it comes from.
  }];
  let options = [Option<"isa", "isa", "std::string", "\"avx512vnni\"",
      "Instruction set: baseline, avx2, avx512, avxvnni or avx512vnni">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif // QTC_CONVERSION_CONTRACTTOVECTOR_TD
