// RUN: qtc-opt %s -convert-qkernel-to-llvm=isa=baseline -reconcile-unrealized-casts -split-input-file | FileCheck %s
// RUN: qtc-opt %s -convert-qkernel-to-llvm=isa=avx512vnni -split-input-file | FileCheck %s --check-prefix=VNNI
// RUN: qtc-opt %s -convert-qkernel-to-llvm=isa=avx512 -split-input-file | FileCheck %s --check-prefix=AVX512

// The entry point of a step has the signature of the ABI and finds arguments in
// the step: the parameter behind another of 64 bytes in the state, the step's
// number at byte 64. A launch packs its operands into a closure on the stack,
// except for constants, which a table has; an entry function unpacks them for a
// range of iterations. Buffers are bare pointers.

//       CHECK: llvm.mlir.global internal constant @launch_constants(dense<64> : tensor<1xi64>)
// CHECK-LABEL: llvm.func internal @task(
//  CHECK-SAME:   %{{.+}}: i64, %{{.+}}: i64, %{{.+}}: !llvm.ptr {llvm.noalias}, %{{.+}}: i32)
// CHECK-LABEL: llvm.func internal @task_entry(
//  CHECK-SAME:   %[[CLOSURE:.+]]: !llvm.ptr, %[[BEGIN:.+]]: i64, %[[END:.+]]: i64, %{{.+}}: i64)
//       CHECK:   %[[OFFSET:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i64
//       CHECK:   %[[STEP:.+]] = llvm.load %{{.+}} : !llvm.ptr -> !llvm.ptr
//       CHECK:   %[[STATE:.+]] = llvm.load %[[STEP]] : !llvm.ptr -> !llvm.ptr
//       CHECK:   %[[X:.+]] = llvm.getelementptr %[[STATE]][%[[OFFSET]]]
//       CHECK:   %[[N:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i32
//       CHECK:   llvm.call @task(%[[BEGIN]], %[[END]], %[[X]], %[[N]])
//   CHECK-NOT: llvm.func internal
// CHECK-LABEL: llvm.func @qtc_baseline_train_step(
//  CHECK-SAME:   %[[EXECUTOR:[^ ]+]]: !llvm.ptr, %[[STEP:[^ ]+]]: !llvm.ptr) attributes
//  CHECK-SAME:   no_inline, optimize_none
//  CHECK-SAME:   target_cpu = "x86-64"
//       CHECK:   %[[CLOSURE:.+]] = llvm.alloca %{{.+}} x !llvm.array<32 x i8> {alignment = 8 : i64}
//       CHECK:   %[[FIELD:.+]] = llvm.mlir.constant(32 : i64) : i64
//       CHECK:   %[[AT:.+]] = llvm.getelementptr %[[STEP]][%[[FIELD]]]
//       CHECK:   %[[NUMBER:.+]] = llvm.load %[[AT]] : !llvm.ptr -> i32
//       CHECK:   %[[TABLE:.+]] = llvm.mlir.addressof @launch_constants
//       CHECK:   llvm.store %[[TABLE]], %[[CLOSURE]] : !llvm.ptr, !llvm.ptr
//       CHECK:   %[[FIRST:.+]] = llvm.getelementptr %[[CLOSURE]][16]
//       CHECK:   llvm.store %[[NUMBER]], %[[FIRST]] : i32, !llvm.ptr
//       CHECK:   %[[ENTRY:.+]] = llvm.mlir.addressof @task_entry
//       CHECK:   %[[COUNT:.+]] = llvm.mlir.constant(128 : i64) : i64
//       CHECK:   llvm.call @qtcrt_parallel_for(%[[EXECUTOR]], %[[ENTRY]], %[[CLOSURE]], %[[COUNT]])
//       CHECK:   %[[INDEX:.+]] = llvm.mlir.constant(7 : i64) : i64
//       CHECK:   llvm.call @qtcrt_mark(%[[EXECUTOR]], %[[INDEX]])

// A loop of dot products measures the processor; parameters are the state's
// business, not the code's.

//       CHECK: llvm.func @qtc_baseline_peak(%{{.+}}: i64) -> i32
//       CHECK:   llvm.call_intrinsic "llvm.x86.sse2.pmadd.wd"
//   CHECK-NOT: qtrain.parameter

// Names and features follow the instruction set. Functions without its dot
// product do without its feature, so that they are those of other processors.

//       VNNI: llvm.func @qtc_avx512vnni_train_step({{.*}} attributes {{{.*}}target_cpu = "x86-64-v4", target_features = #llvm.target_features<["-prefer-256-bit"]>
//       VNNI: llvm.func @qtc_avx512vnni_peak({{.*}} attributes {{{.*}}target_cpu = "x86-64-v4", target_features = #llvm.target_features<["+avx512vnni", "-prefer-256-bit"]>
//       VNNI:   llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
//     AVX512: llvm.func @qtc_avx512_train_step({{.*}} attributes {{{.*}}target_cpu = "x86-64-v4", target_features = #llvm.target_features<["-prefer-256-bit"]>
//     AVX512: llvm.func @qtc_avx512_peak
//     AVX512:   llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
qtrain.parameter @b id 1 exponent 0 = dense<0> : tensor<3xi8>
qtrain.parameter @w id 0 exponent 0 = dense<0> : tensor<8xi32>
func.func private @task(%begin: index, %end: index, %x: memref<8xi32> {llvm.noalias}, %n: i32) {
  %c0 = arith.constant 0 : index
  memref.store %n, %x[%c0] : memref<8xi32>
  return
}
func.func @train_step(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %w: memref<8xi32> {qtrain.parameter = @w},
                      %step: i32 {qtrain.role = #qtrain.role<step>}) attributes {qkernel.profile = []} {
  qkernel.launch @task(%w, %step) on %executor : !llvm.ptr count 128 with memref<8xi32>, i32
  qkernel.mark 7 on %executor : !llvm.ptr
  return
}

// -----

// Every source that the ABI has: pointers are fetched by the entry, numbers by
// the step.

// CHECK-LABEL: llvm.func internal @task_entry(
//  CHECK-SAME:   %[[CLOSURE:[^ ]+]]: !llvm.ptr
//       CHECK:   %[[FIELD:.+]] = llvm.getelementptr %[[CLOSURE]][8]
//       CHECK:   %[[STEP:.+]] = llvm.load %[[FIELD]] : !llvm.ptr -> !llvm.ptr
//       CHECK:   llvm.getelementptr %[[STEP]][8] : (!llvm.ptr) -> !llvm.ptr, i8
//       CHECK:   llvm.getelementptr %[[STEP]][40]
//       CHECK:   llvm.getelementptr %[[STEP]][48]
//       CHECK:   llvm.getelementptr %[[STEP]][56]
//       CHECK:   llvm.getelementptr %[[STEP]][64]
//       CHECK:   llvm.call @task(
// CHECK-LABEL: llvm.func @qtc_baseline_all(
//  CHECK-SAME:   %[[EXECUTOR:.+]]: !llvm.ptr, %[[STEP:.+]]: !llvm.ptr)
//       CHECK:   llvm.mlir.constant(16 : i64)
//       CHECK:   %[[SEED:.+]] = llvm.load %{{.+}} -> i64
//       CHECK:   llvm.mlir.constant(24 : i64)
//       CHECK:   %[[SCHEDULE:.+]] = llvm.load %{{.+}} -> i64
//       CHECK:   llvm.store %[[SEED]]
//       CHECK:   llvm.store %[[SCHEDULE]]
//       CHECK:   llvm.call @qtcrt_parallel_for(%[[EXECUTOR]],
func.func private @task(%begin: index, %end: index, %arena: memref<64xi8>, %pixels: memref<4xi8>,
                        %labels: memref<4xi32>, %logits: memref<4xi8>, %exponent: memref<i32>, %seed: i64,
                        %schedule: i64) {
  return
}
func.func @all(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %arena: memref<64xi8> {qtrain.role = #qtrain.role<arena>},
               %pixels: memref<4xi8> {qtrain.role = #qtrain.role<input>}, %labels: memref<4xi32> {qtrain.role = #qtrain.role<target>},
               %logits: memref<4xi8> {qtrain.role = #qtrain.role<prediction>},
               %exponent: memref<i32> {qtrain.role = #qtrain.role<exponent>}, %seed: i64 {qtrain.role = #qtrain.role<seed>},
               %schedule: i64 {qtrain.role = #qtrain.role<schedule>}) {
  qkernel.launch @task(%arena, %pixels, %labels, %logits, %exponent, %seed, %schedule) on %executor : !llvm.ptr count 4
      with memref<64xi8>, memref<4xi8>, memref<4xi32>, memref<4xi8>, memref<i32>, i64, i64
  return
}

// -----

// Control flow, arithmetic and vectors go along.

// CHECK-LABEL: llvm.func @qtc_baseline_code(
//   CHECK-NOT:   scf
//   CHECK-NOT:   arith
//   CHECK-NOT:   memref
//       CHECK:   llvm.cond_br
//       CHECK:   llvm.return
func.func @code(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %arena: memref<64xi8> {qtrain.role = #qtrain.role<arena>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %x = memref.view %arena[%c0][] : memref<64xi8> to memref<16xi32>
  scf.for %i = %c0 to %c4 step %c1 {
    %v = vector.load %x[%i] : memref<16xi32>, vector<4xi32>
    %w = arith.addi %v, %v : vector<4xi32>
    vector.store %w, %x[%i] : memref<16xi32>, vector<4xi32>
  }
  return
}

// -----

// Sizes are constants of the launches that pass them.

//       CHECK: @launch_constants(dense<4096> : tensor<1xi64>)
// CHECK-LABEL: llvm.func @qtc_baseline_sizes(
//       CHECK:   llvm.mlir.addressof @launch_constants
func.func private @task(%begin: index, %end: index, %size: index) {
  return
}
func.func @sizes(%executor: !llvm.ptr {qtrain.role = #qtrain.role<executor>}) {
  %size = qkernel.size 3 = 4096
  qkernel.launch @task(%size) on %executor : !llvm.ptr count 4 with index
  return
}
