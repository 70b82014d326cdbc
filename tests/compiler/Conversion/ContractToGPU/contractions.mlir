// RUN: qtc-opt %s -convert-contract-to-gpu=sm=80 -canonicalize -split-input-file | FileCheck %s
// RUN: qtc-opt %s -convert-contract-to-gpu=sm=75 -canonicalize -split-input-file | FileCheck %s --check-prefix=SM75

// Four blocks of 64 rows and 16 columns, of two warps. Three stages are under
// way before the first is multiplied. Nine steps of 16 bytes are three stages,
// the last partly zeros; what is outside of the image is zeros, too.

// CHECK-LABEL: func @convolution(
//  CHECK-SAME:   %[[X:.+]]: memref<1x8x8x16xi8>, %[[W:.+]]: memref<64x3x3x16xi8>, %[[ACC:.+]]: memref<1x8x8x64xi32>, %[[MAX:.+]]: memref<i32>)
//       CHECK:   gpu.launch blocks({{.*}}) in (%{{.*}} = %c4, {{.*}}) threads({{.*}}) in (%{{.*}} = %c64,
//  CHECK-SAME:     workgroup(%[[SHARED:.+]] : memref<{{[0-9]+}}xi8, #gpu.address_space<workgroup>>)
//       CHECK:     nvgpu.device_async_copy %[[X]][%{{.*}}], %[[SHARED]][%{{.*}}], 16, %{{.*}} {bypassL1}
// CHECK-COUNT-3:   nvgpu.device_async_create_group
//  CHECK-NEXT:     nvgpu.device_async_wait %{{.*}} {numGroups = 2 : i32}
//       CHECK:     gpu.barrier
//       CHECK:     %{{.+}} = scf.for
//       CHECK:       nvgpu.device_async_copy %[[W]]
//       CHECK:       %[[GROUP:.+]] = nvgpu.device_async_create_group
//       CHECK:       nvgpu.ldmatrix %{{.*}} {numTiles = 4 : i32, transpose = false} : memref<{{[0-9]+}}xi32, #gpu.address_space<workgroup>> -> vector<4x1xi32>
//       CHECK:       nvvm.mma.sync A[%{{.*}}] B[%{{.*}}] C[%{{.*}}] {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
//       CHECK:       nvgpu.device_async_wait %[[GROUP]] {numGroups = 2 : i32}
//       CHECK:       gpu.barrier
//       CHECK:       scf.yield
//       CHECK:     memref.store %{{.*}}, %[[ACC]]
//       CHECK:     gpu.shuffle xor
//       CHECK:     %[[BEST:.+]] = memref.load %[[MAX]][]
//       CHECK:     arith.cmpi ugt, %[[MINE:.+]], %[[BEST]]
//       CHECK:     memref.atomic_rmw maxu %[[MINE]], %[[MAX]][]

// Before sm_80 copies go through registers, and products are shorter.

// SM75-LABEL: func @convolution(
//   SM75-NOT:   nvgpu
//       SM75:   %[[BYTES:.+]] = vector.load %{{.*}} : memref<1x8x8x16xi8>, vector<16xi8>
//       SM75:   %[[FILLED:.+]] = arith.select %{{.*}}, %[[BYTES]], %{{.*}} : vector<16xi8>
//       SM75:   vector.store %[[FILLED]], %{{.*}}workgroup
//       SM75:   nvvm.mma.sync A[%{{[0-9]+}}] B[%{{[0-9]+}}] C[%{{[^,]+}}, %{{[^,]+}}] {{.*}}shape = #nvvm.shape<m = 8, n = 8, k = 16>
func.func @convolution(%x: memref<1x8x8x16xi8>, %w: memref<64x3x3x16xi8>, %acc: memref<1x8x8x64xi32>, %max: memref<i32>) {
  qkernel.mapped_contract ins(%x, %w : memref<1x8x8x16xi8>, memref<64x3x3x16xi8>)
    outs(%acc, %max : memref<1x8x8x64xi32>, memref<i32>)
    {rows = array<i64: 1, 8, 8>, columns = 64 : i64, steps = array<i64: 3, 3, 1>,
     a_map = affine_map<(n, h, w, kh, kw, c) -> (n, h + kh - 1, w + kw - 1, c * 16)>,
     b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
     result_map = affine_map<(n, h, w, o) -> (n, h, w, o)>}
  return
}

// -----

// Long sums of few weights are cut into parts, which are added atomically.

// CHECK-LABEL: func @split(
//  CHECK-SAME:   %[[X:.+]]: memref<64x64x16x32xi8>, %[[E:.+]]: memref<64x64x16x32xi8>, %[[G:.+]]: memref<16x16xi32>)
//       CHECK:   gpu.launch blocks({{.*}}) in (%{{.*}} = %c108,
//       CHECK:     memref.atomic_rmw addi %{{.*}}, %[[G]]
//   CHECK-NOT:     gpu.shuffle
func.func @split(%x: memref<64x64x16x32xi8>, %e: memref<64x64x16x32xi8>, %g: memref<16x16xi32>) {
  qkernel.mapped_contract ins(%x, %e : memref<64x64x16x32xi8>, memref<64x64x16x32xi8>) outs(%g : memref<16x16xi32>)
    {rows = array<i64: 16>, columns = 16 : i64, steps = array<i64: 64, 64, 2>, accumulate,
     a_map = affine_map<(i, h, w, n) -> (h, w, i, n * 16)>, b_map = affine_map<(o, h, w, n) -> (h, w, o, n * 16)>,
     result_map = affine_map<(i, o) -> (o, i)>}
  return
}

// -----

// No steps: zeros are stored.

// CHECK-LABEL: func @empty(
//   CHECK-NOT:   nvgpu
//   CHECK-NOT:   nvvm.mma.sync
//       CHECK:   memref.store %c0_i32
func.func @empty(%x: memref<8x3x3x16xi8>, %w: memref<5x2x2x16xi8>, %acc: memref<8x7x7x5xi32>) {
  qkernel.mapped_contract ins(%x, %w : memref<8x3x3x16xi8>, memref<5x2x2x16xi8>) outs(%acc : memref<8x7x7x5xi32>)
    {rows = array<i64: 8, 3, 3>, columns = 5 : i64, steps = array<i64: 0, 1, 1>,
     a_map = affine_map<(n, h, w, kh, kw, c) -> (n, h + kh, w + kw, c * 16)>,
     b_map = affine_map<(o, kh, kw, c) -> (o, kh, kw, c * 16)>,
     result_map = affine_map<(n, h, w, o) -> (n, h * 2 + 1, w * 2 + 1, o)>}
  return
}

// -----

// A batch is transposed in tiles of 64 x 64 bytes; images that are not there
// are zeros.

// CHECK-LABEL: func @transposition(
//  CHECK-SAME:   %[[X:.+]]: memref<20x6x6x4xi8>, %[[Y:.+]]: memref<6x6x4x32xi8>)
//       CHECK:   gpu.launch
//       CHECK:     nvgpu.device_async_copy %[[X]][{{.*}}], %[[SHARED:.+]][%{{.*}}], 16, %
//       CHECK:     gpu.barrier
//       CHECK:     scf.if
//       CHECK:       memref.load %[[SHARED]]
//       CHECK:       vector.store %{{.*}}, %[[Y]][{{.*}}] : memref<6x6x4x32xi8>, vector<16xi8>
func.func @transposition(%x: memref<20x6x6x4xi8>, %y: memref<6x6x4x32xi8>) {
  qkernel.mapped_copy ins(%x : memref<20x6x6x4xi8>) outs(%y : memref<6x6x4x32xi8>)
    {map = affine_map<(h, w, c, n) -> (n, h, w, c)>}
  return
}
