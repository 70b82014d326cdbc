// RUN: qtc-opt %s -convert-contract-to-gpu="sm=90a tiles=64x64x9:128x256/16x256-s4" -canonicalize | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=90a tiles=64x64x9:128x256/16x256-s4" -gpu-kernel-outlining -merge-kernels \
// RUN:   | FileCheck %s --check-prefix=OUTLINED
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=90a tiles=64x64x9:128x128/16x128-ca" | FileCheck %s --check-prefix=CACHED
// RUN: qtc-opt %s -convert-contract-to-gpu="sm=90a tiles=64x64x9:128x128/16x128-s5-wait1" -canonicalize \
// RUN:   | FileCheck %s --check-prefix=OVERLAP
// RUN: not qtc-opt %s -convert-contract-to-gpu="sm=75 tiles=64x64x9:128x128/64x64-s4" 2>&1 | FileCheck %s --check-prefix=SMALL

// Rows may be copied through the L1 cache. Stages that take more shared memory than a kernel may declare: the launch asks
// for it. The kernel rounds its address up for descriptors.

// CHECK-LABEL: func @convolution(
//       CHECK:   %[[BYTES:.+]] = arith.constant 98800 : i32
//       CHECK:   gpu.launch blocks({{.*}}) threads({{.*}}) in (%{{.*}} = %c256,
//  CHECK-SAME:     dynamic_shared_memory_size %[[BYTES]] {
//   CHECK-NOT:     workgroup(
//       CHECK:     %[[ALL:.+]] = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
//       CHECK:     %[[BEGIN:.+]] = memref.extract_aligned_pointer_as_index %[[ALL]]
//       CHECK:     %[[ROUNDED:.+]] = arith.addi %[[BEGIN]], %c511
//       CHECK:     %[[ALIGNED:.+]] = arith.andi %[[ROUNDED]], %c-512
//       CHECK:     %[[SHIFT:.+]] = arith.subi %[[ALIGNED]], %[[BEGIN]]
//       CHECK:     %[[SHARED:.+]] = memref.view %[[ALL]][%[[SHIFT]]][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<98304xi8, #gpu.address_space<workgroup>>
//       CHECK:     nvgpu.device_async_copy %{{.+}}, %[[SHARED]]
//       CHECK:     scf.for
//       CHECK:       arith.addi %[[ALIGNED]]
//       CHECK:       nvvm.wgmma.mma_async {{.*}} <m = 64, n = 256, k = 32>

// OUTLINED: gpu.launch_func @kernels::@convolution_kernel {{.*}} dynamic_shared_memory_size %{{.+}} args(

// CACHED-LABEL: func @convolution(
//  CACHED-SAME:   %[[X:.+]]: memref<1x8x8x16xi8>, %[[W:.+]]: memref<64x3x3x16xi8>,
//       CACHED:   nvgpu.device_async_copy %[[X]][{{.*}}, 16, %{{[^ ]+}} :
//       CACHED:   nvgpu.device_async_copy %[[W]][{{.*}} {bypassL1} :

// Products that overlap are waited for in the next stage, after whose barrier
// their place is free: of five stages, three are ahead. The sums are there when
// the last ones were waited for. There is at least one stage.

// OVERLAP-LABEL: func @convolution(
//  OVERLAP-SAME:   %[[X:.+]]: memref<1x8x8x16xi8>,
//       OVERLAP:   nvgpu.device_async_wait %{{.*}} {numGroups = 2 : i32}
//       OVERLAP:   "llvm.intr.assume"(
//  OVERLAP-NEXT:   %[[LAST:.+]]:65 = scf.for
//       OVERLAP:     nvvm.wgmma.commit.group.sync.aligned
//       OVERLAP:     %[[SUM:.+]] = llvm.extractvalue %{{.+}}[0]
//       OVERLAP:     nvgpu.device_async_copy %[[X]]
//       OVERLAP:     nvvm.wgmma.wait.group.sync.aligned 1
//   OVERLAP-NOT:     llvm.inline_asm
//       OVERLAP:     nvgpu.device_async_wait %{{.*}} {numGroups = 2 : i32}
//       OVERLAP:     scf.yield %[[SUM]],
//       OVERLAP:   nvvm.wgmma.wait.group.sync.aligned 0
//  OVERLAP-NEXT:   llvm.inline_asm has_side_effects "", {{.*}} %[[LAST]]#0,

// What fits is stated where another is asked for.
// SMALL: error: contraction 64x64x9 on sm_75: expected one of {{.*}}, but got '128x128/64x64-s4'
func.func @convolution(%x: memref<1x8x8x16xi8>, %w: memref<64x3x3x16xi8>, %acc: memref<1x8x8x64xi32>) {
  qkernel.mapped_contract ins(%x, %w : memref<1x8x8x16xi8>, memref<64x3x3x16xi8>) outs(%acc : memref<1x8x8x64xi32>)
    {rows = array<i64: 1, 8, 8>, columns = 64 : i64, steps = array<i64: 3, 3, 1>,
     a_map = affine_map<(n, h, w, kh, kw, c) -> (n, h + kh - 1, w + kw - 1, c * 16)>,
     b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
     result_map = affine_map<(n, h, w, o) -> (n, h, w, o)>}
  return
}
