//===- ContractToGPU.td - Contractions to matrix units -----*- tablegen -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTC_CONVERSION_CONTRACT_TO_GPU_TD
#define QTC_CONVERSION_CONTRACT_TO_GPU_TD

include "mlir/Pass/PassBase.td"

def ConvertContractToGPU
    : Pass<"convert-contract-to-gpu", "::mlir::func::FuncOp"> {
  let summary = "Mapped contractions to kernels on matrix units";
  let description = [{
    Every `qkernel.mapped_contract` becomes a `gpu.launch`. A block of threads
    computes a tile of accumulators, each of its warps a part in registers:

    - A stage is 64 bytes of every row and column of the tile in shared memory.
      Each thread copies runs of 16 bytes with `nvgpu.device_async_copy`, whose
      source is where the maps say; runs outside of an operand are filled with
      zeros. Several stages are under way while one is multiplied.
    - Runs are exchanged within 64 bytes by bits of their row, so that the 8
      rows that `nvgpu.ldmatrix` reads at once lie in different banks.
    - Where the stages of a schedule take more than 48 KB, the launch asks for
      dynamic shared memory, of which the kernel rounds the address up to what
      descriptors need.
    - `nvvm.mma.sync` m16n8k32 multiplies signed bytes. Accumulators wrap, though
      none does: sums that leave 32 bits are formed elsewhere. Before sm_80
      it is m8n8k16, and copies go through registers.
    - sm_90a has tiles whose warps multiply in groups of four with
      `nvvm.wgmma.mma_async` m64nNk32, all columns of the tile at once. Descriptors
      say where the matrix units find operands in shared memory: in the rows and
      with the exchange of runs as above. Each thread fences its copies for them
      before the barrier, and starts its next ones while they work. The group of
      products of a stage is waited for in that stage or in the next one.
    - At the end come bias, clamp and the maximum, which warps find with
      shuffles and raise with one atomic operation, or atomic additions where
      several blocks share a result.

    A `qkernel.mapped_copy` that transposes a batch becomes a launch, too: tiles of
    64 × 64 bytes go through shared memory, so that both sides are read and
    written in runs.

    Which tile, how many stages and into how many parts the steps are cut is
    decided by `compiler/Target/CUDA/TileSchedule.cpp`, unless an option says
    otherwise. The attribute `qkernel.tiles` of the launch says what was taken,
    `SHAPE:SCHEDULE`: rows, columns and steps, with `+` where steps may be cut;
    tile of a block, tile of a warp, `-s` and the number of stages if these need
    dynamic shared memory, `-wait1` if products of a stage are waited for while
    those of the next are under way, `-ca` if rows are copied through the L1
    cache, and number of parts.

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
      "Ten times the compute capability, with a suffix of its features">,
    Option<"candidate", "candidate", "unsigned", "0",
      "Which of the schedules of a contraction, from the one with the fewest "
      "estimated cycles on; the last where it has fewer">,
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
