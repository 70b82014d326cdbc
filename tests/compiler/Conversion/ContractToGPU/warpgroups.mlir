// RUN: qtc-opt %s -convert-contract-to-gpu="sm=90a tiles=64x64x9:64x32/16x32/1" -canonicalize | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-gpu=sm=90 -canonicalize | FileCheck %s --check-prefix=SM90 --implicit-check-not=wgmma

// A warpgroup multiplies 64 rows by 32 columns. Copies are made visible to
// descriptors before the barrier. Two products are a stage of 64 bytes: the
// second one's descriptors are 32 bytes on. The next copies start while the
// matrix units work, and only the results of assembly without text, which the
// wait comes before, are summed on.

// CHECK-LABEL: func @convolution(
//  CHECK-SAME:   %[[X:.+]]: memref<1x8x8x16xi8>, %[[W:.+]]: memref<64x3x3x16xi8>,
//       CHECK:   gpu.launch blocks({{.*}}) in (%{{.*}} = %c2, {{.*}}) threads({{.*}}) in (%{{.*}} = %c128,
//  CHECK-SAME:     workgroup(%[[SHARED:.+]] : memref<24576xi8, #gpu.address_space<workgroup>>)
//       CHECK:     memref.extract_aligned_pointer_as_index %[[SHARED]]
//       CHECK:     nvgpu.device_async_wait %{{.*}} {numGroups = 2 : i32}
//  CHECK-NEXT:     nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
//  CHECK-NEXT:     gpu.barrier
//       CHECK:     scf.for
//       CHECK:       %[[A:.+]] = arith.ori %{{.+}}, %c-9223371899415756800_i64 : i64
//       CHECK:       %[[B:.+]] = arith.ori %{{.+}}, %c-9223371899415756800_i64 : i64
//       CHECK:       nvvm.wgmma.fence.aligned
//       CHECK:       %[[FIRST:.+]] = nvvm.wgmma.mma_async %[[A]], %[[B]], %{{.+}}, <m = 64, n = 32, k = 32>, D[<s32>, <one>, <wrapped>], A[<s8>, <one>, <row>], B[<s8>, <one>, <col>]
//   CHECK-DAG:       %[[A2:.+]] = arith.addi %[[A]], %c2_i64
//   CHECK-DAG:       %[[B2:.+]] = arith.addi %[[B]], %c2_i64
//       CHECK:       %[[SECOND:.+]] = nvvm.wgmma.mma_async %[[A2]], %[[B2]], %[[FIRST]],
//  CHECK-NEXT:       nvvm.wgmma.commit.group.sync.aligned
//       CHECK:       %[[SUM:.+]] = llvm.extractvalue %[[SECOND]][0]
//       CHECK:       nvgpu.device_async_copy %[[X]]
//       CHECK:       nvgpu.device_async_copy %[[W]]
//       CHECK:       nvvm.wgmma.wait.group.sync.aligned 0
//  CHECK-NEXT:       %[[TIED:.+]] = llvm.inline_asm has_side_effects "", "=r,{{.*}},15" %[[SUM]], {{.*}}
//       CHECK:       %[[SUM:.+]] = llvm.extractvalue %[[TIED]][0]
//       CHECK:       nvgpu.device_async_wait
//  CHECK-NEXT:       nvvm.fence.proxy
//  CHECK-NEXT:       gpu.barrier
//       CHECK:       scf.yield %[[SUM]],

// SM90: nvvm.mma.sync
func.func @convolution(%x: memref<1x8x8x16xi8>, %w: memref<64x3x3x16xi8>, %acc: memref<1x8x8x64xi32>, %max: memref<i32>) {
  qkernel.mapped_contract ins(%x, %w : memref<1x8x8x16xi8>, memref<64x3x3x16xi8>)
    outs(%acc, %max : memref<1x8x8x64xi32>, memref<i32>)
    {rows = array<i64: 1, 8, 8>, columns = 64 : i64, steps = array<i64: 3, 3, 1>,
     a_map = affine_map<(n, h, w, kh, kw, c) -> (n, h + kh - 1, w + kw - 1, c * 16)>,
     b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
     result_map = affine_map<(n, h, w, o) -> (n, h, w, o)>}
  return
}
