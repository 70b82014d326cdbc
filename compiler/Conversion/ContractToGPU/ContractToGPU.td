//===- ContractToGPU.td - Contractions to matrix units -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACT_TO_GPU_TD
#define QTC_CONVERSION_CONTRACT_TO_GPU_TD

include "compiler/Support/ModelPass.td"

def ConvertContractToGPU
    : FunctionPass<"convert-contract-to-gpu"> {
  let summary = "Lowers mapped contractions to kernels on matrix units";
  let description = [{
    Every `qkernel.mapped_contract` becomes a `gpu.launch`. A block of threads
    computes a tile of accumulators, and each of its warps keeps a part of the
    tile in registers:

    - A stage is 64 bytes of every row and column of the tile in shared memory.
      Each thread copies runs of 16 bytes with `nvgpu.device_async_copy` from
      the addresses given by the maps; runs outside of an operand are filled
      with zeros. Several stages are in flight while one is multiplied.
    - Runs are permuted within 64 bytes by bits of their row, so that the 8 rows
      that `nvgpu.ldmatrix` reads at once lie in different banks.
    - If the stages of a schedule take more than 48 KB, the launch requests
      dynamic shared memory, and the kernel rounds its address up to the
      alignment that descriptors need.
    - `nvvm.mma.sync` m16n8k32 multiplies signed bytes. Its accumulators would
      wrap, but sums that exceed 32 bits are computed elsewhere. Before sm_80 it
      is m8n8k16, and copies go through registers.
    - sm_90a has tiles whose warps multiply in groups of four with
      `nvvm.wgmma.mma_async` m64nNk32, all columns of the tile at once.
      Descriptors tell the matrix units the place of the operands in shared
      memory, in rows with permuted runs as above. Each thread fences its copies
      before the barrier, and starts the next ones while the matrix units work.
      The products of a stage are waited for in that stage or in the next one.
    - At the end, a block adds the bias, clamps, and raises the maximum, which
      warps find with shuffles, by one atomic operation; where several blocks
      share a result, it adds its sums atomically instead.

    A `qkernel.mapped_copy` that transposes a batch also becomes a launch: tiles
    of 64 × 64 bytes go through shared memory, so that both sides are accessed
    in runs.

    `compiler/Target/CUDA/TileSchedule.cpp` chooses the tile, the number of
    stages and the number of parts into which the steps are cut, unless an
    option overrides it. The attribute `qkernel.tiles` of the launch records the
    choice as `SHAPE:SCHEDULE`. SHAPE is rows, columns and steps, with `+` if
    steps may be cut. SCHEDULE is the tile of a block, the tile of a warp, `-s`
    and the number of stages if these need dynamic shared memory, `-wait1` if
    the products of a stage are waited for in the next stage, `-ca` if rows are
    copied through the L1 cache, and the number of parts.

    Before:

    ```mlir
    qkernel.mapped_contract
      ins(%x, %w : memref<8x6x6x32xi8>, memref<64x3x3x32xi8>)
      outs(%acc, %max : memref<8x6x6x64xi32>, memref<i32>) {...}
    ```

    After:

    ```mlir
    gpu.launch blocks(%block, ...) in (...) threads(%thread, ...) in (...)
        workgroup(%shared : memref<32768xi8, #gpu.address_space<workgroup>>) {
      ...
      %sums:16 = scf.for %tile = %first to %last step %c1 iter_args(...) {
        nvgpu.device_async_wait %token {numGroups = 2 : i32}
        gpu.barrier
        nvgpu.device_async_copy %x[...], %shared[...], 16, %count ...
        ...
        %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[...] ...
      }
      ...
    }
    ```
  }];
  let options = [
    Option<"device", "sm", "std::string", "\"80\"",
      "Ten times the compute capability, with the suffix of its features, "
      "such as 90a">,
    Option<"candidate", "candidate", "unsigned", "0",
      "Index of the schedule of a contraction in the order of estimated "
      "cycles; the last one if there are fewer">,
    ListOption<"tiles", "tiles", "std::string",
      "Schedules of contractions, SHAPE:SCHEDULE as in `qkernel.tiles`">
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "Contractions on matrix units">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::nvgpu::NVGPUDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

#endif // QTC_CONVERSION_CONTRACT_TO_GPU_TD
