// RUN: qtc-opt %s -outline-tasks -split-input-file -allow-unregistered-dialect | FileCheck %s

// The example of the pass: the loop becomes a task over a range, its constants
// are cloned into the task, its buffer is passed. The task need not know how
// large the buffer is.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   %[[BEGIN:.+]]: index, %[[END:.+]]: index, %[[X:.+]]: memref<1099511627776xi8> {llvm.align = 1 : i64, llvm.noalias})
//   CHECK-DAG:   %[[VALUE:.+]] = arith.constant 3 : i8
//   CHECK-DAG:   %[[ONE:.+]] = arith.constant 1 : index
//       CHECK:   scf.for %[[I:.+]] = %[[BEGIN]] to %[[END]] step %[[ONE]]
//       CHECK:     memref.store %[[VALUE]], %[[X]][%[[I]]]
// CHECK-LABEL: func @f(
//  CHECK-SAME:   %[[EXECUTOR:.+]]: !llvm.ptr {qtrain.role = #qtrain.role<executor>}, %[[X:.+]]: memref<8xi8>)
//       CHECK:   qkernel.launch @f_task(%[[X]]) on %[[EXECUTOR]] : !llvm.ptr count 8 with memref<8xi8>
//       CHECK:   qkernel.mark 0 on %[[EXECUTOR]] : !llvm.ptr
func.func @f(%x: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %x[%i] : memref<8xi8>
  }
  return
}

// -----

// Only one dimension is cut into ranges, the others run inside. What is
// computed outside is passed, here a scalar, a bound and a rank-0 buffer.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   %[[BEGIN:[^ ]+]]: index, %[[END:[^ ]+]]: index, %[[S:[^ ]+]]: memref<i8> {{[{].*[}]}}, %[[V:[^ ]+]]: i8, %[[X:[^ ]+]]: memref<4x8xi8> {{[{].*[}]}}, %[[N:[^ ]+]]: index)
//   CHECK-DAG:   %[[TWO:.+]] = arith.constant 2 : index
//       CHECK:   scf.for %[[I:.+]] = %[[BEGIN]] to %[[END]]
//       CHECK:     scf.for %[[J:.+]] = %{{.+}} to %[[N]] step %[[TWO]]
//       CHECK:       %[[L:.+]] = memref.load %[[S]][]
//       CHECK:       %[[SUM:.+]] = arith.addi %[[V]], %[[L]]
//       CHECK:       memref.store %[[SUM]], %[[X]][%[[I]], %[[J]]]
// CHECK-LABEL: func @f(
//       CHECK:   qkernel.launch @f_task({{.*}}) on %{{.+}} : !llvm.ptr count 4 with memref<i8>, i8, memref<4x8xi8>, index
func.func @f(%x: memref<4x8xi8>, %s: memref<i8>, %v: i8, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c4, %n) step (%c1, %c2) {
    %l = memref.load %s[] : memref<i8>
    %sum = arith.addi %v, %l : i8
    memref.store %sum, %x[%i, %j] : memref<4x8xi8>
  }
  return
}

// -----

// A table of the module is looked up in the task.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   %{{.+}}: index, %{{.+}}: index, %[[X:[^ ]+]]: memref<1099511627776xi8>
//       CHECK:   %[[TABLE:.+]] = memref.get_global @table
//       CHECK:   memref.load %[[TABLE]]
memref.global "private" constant @table : memref<8xi8> = dense<1>
func.func @f(%x: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %t = memref.get_global @table : memref<8xi8>
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %t[%i] : memref<8xi8>
    memref.store %v, %x[%i] : memref<8xi8>
  }
  return
}

// -----

// Places in the arena lie on cache lines; of arguments only the alignment of an
// element is known. Views of the whole of a buffer lie where it does.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   memref<1099511627776xi32> {llvm.align = 64 : i64, llvm.noalias},
//  CHECK-SAME:   memref<1099511627776xi32> {llvm.align = 4 : i64, llvm.noalias})
func.func @f(%arena: memref<64xi8> {qtrain.role = #qtrain.role<arena>}, %x: memref<4x4xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %a = memref.view %arena[%c0][] : memref<64xi8> to memref<4x4xi32>
  %fa = memref.collapse_shape %a [[0, 1]] : memref<4x4xi32> into memref<16xi32>
  %fx = memref.collapse_shape %x [[0, 1]] : memref<4x4xi32> into memref<16xi32>
  scf.parallel (%i) = (%c0) to (%c16) step (%c1) {
    %v = memref.load %fa[%i] : memref<16xi32>
    memref.store %v, %fx[%i] : memref<16xi32>
  }
  return
}

// -----

// A buffer that a task sees twice, here through a view, has an alias.

// CHECK-LABEL: func private @f_task(
//   CHECK-NOT:   llvm.noalias
//       CHECK:   memref.load
func.func @f(%x: memref<4x4xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %flat = memref.collapse_shape %x [[0, 1]] : memref<4x4xi32> into memref<16xi32>
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %v = memref.load %x[%i, %i] : memref<4x4xi32>
    memref.store %v, %flat[%i] : memref<16xi32>
  }
  return
}

// -----

// Equal loops share a task, also those of different functions; another constant
// makes another task.

// CHECK-LABEL: func private @f_task(
//   CHECK-NOT: func private
//       CHECK: func private @f_task_
//   CHECK-NOT: func private
// CHECK-LABEL: func @f(
//       CHECK:   qkernel.launch @f_task(
//       CHECK:   qkernel.mark 0
//       CHECK:   qkernel.launch @f_task(
//       CHECK:   qkernel.mark 1
//       CHECK:   qkernel.launch @f_task_
//       CHECK:   qkernel.mark 2
// CHECK-LABEL: func @g(
//       CHECK:   qkernel.launch @f_task(
//       CHECK:   qkernel.mark 0
func.func @f(%x: memref<8xi8>, %y: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  %c4_i8 = arith.constant 4 : i8
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %x[%i] : memref<8xi8>
  }
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %y[%i] : memref<8xi8>
  }
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c4_i8, %y[%i] : memref<8xi8>
  }
  return
}
func.func @g(%x: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %x[%i] : memref<8xi8>
  }
  return
}

// -----

// Sizes are passed, and a task does not know how large its buffers are, so
// loops that differ only in these share one.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   %{{.+}}: index, %{{.+}}: index, %[[N:[^ ]+]]: index,
//   CHECK-NOT: func private
// CHECK-LABEL: func @f(
//       CHECK:   %[[TWO:.+]] = qkernel.size 0 = 2
//       CHECK:   qkernel.launch @f_task(%[[TWO]], %{{.+}}) on {{.+}} count 8 with index, memref<16xi8>
//       CHECK:   %[[THREE:.+]] = qkernel.size 0 = 3
//       CHECK:   qkernel.launch @f_task(%[[THREE]], %{{.+}}) on {{.+}} count 4 with index, memref<12xi8>
func.func @f(%x: memref<16xi8>, %y: memref<12xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  %two = qkernel.size 0 = 2
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %at = arith.muli %i, %two : index
    memref.store %c3_i8, %x[%at] : memref<16xi8>
  }
  %three = qkernel.size 0 = 3
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %at = arith.muli %i, %three : index
    memref.store %c3_i8, %y[%at] : memref<12xi8>
  }
  return
}

// -----

// Also if the constants of one are shared with other loops and those of the
// other are not.

// CHECK-LABEL: func private @f_task(
//   CHECK-NOT: func private
// CHECK-LABEL: func @f(
//       CHECK:   qkernel.launch @f_task(
//       CHECK:   qkernel.launch @f_task(
func.func @f(%x: memref<8xi8>, %y: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c7) step (%c1) {
    %next = arith.addi %i, %c1 : index
    memref.store %c3_i8, %x[%next] : memref<8xi8>
  }
  scf.parallel (%i) = (%c0) to (%c7) step (%c1) {
    %inner_3 = arith.constant 3 : i8
    %inner_1 = arith.constant 1 : index
    %next = arith.addi %i, %inner_1 : index
    memref.store %inner_3, %y[%next] : memref<8xi8>
  }
  return
}

// -----

// A dimension of one iteration is not worth a range, the next one is cut.

// CHECK-LABEL: func private @f_task(
//  CHECK-SAME:   %[[BEGIN:[^ ]+]]: index, %[[END:[^ ]+]]: index
//       CHECK:   scf.for %[[I:.+]] = %{{.+}} to %{{.+}} step
//       CHECK:     scf.for %[[J:.+]] = %[[BEGIN]] to %[[END]] step
//       CHECK:       memref.store %{{.+}}, %{{.+}}[%[[I]], %[[J]]]
// CHECK-LABEL: func @f(
//       CHECK:   qkernel.launch @f_task({{.*}}) on %{{.+}} : !llvm.ptr count 8
func.func @f(%x: memref<1x8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i, %j) = (%c0, %c0) to (%c1, %c8) step (%c1, %c1) {
    memref.store %c3_i8, %x[%i, %j] : memref<1x8xi8>
  }
  return
}

// -----

// The profile names each operation by its node, its kind, its products and the
// bytes of the buffers it sees.

// CHECK-LABEL: func @f(
//  CHECK-SAME:   attributes {qkernel.profile = [
//  CHECK-SAME:     {bytes = 8 : i64, kind = "elementwise", macs = 0 : i64, name = "relu_1"},
//  CHECK-SAME:     {bytes = 40 : i64, kind = "conv2d", macs = 288 : i64, name = "Conv 7"}]}
func.func @f(%x: memref<8xi8>, %y: memref<8xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %x[%i] : memref<8xi8>
  } loc("relu_1"("model.onnx":0:0))
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %x[%i] : memref<8xi8>
    %w = arith.extsi %v : i8 to i32
    memref.store %w, %y[%i] : memref<8xi32>
    scf.reduce
  } {qkernel.kind = "conv2d", qkernel.macs = 288 : i64} loc(fused["model.onnx":0:0, "Conv 7"])
  return
}

// -----

// Sequential work stays in the function; private functions stay as they are.

// CHECK-LABEL: func @f(
//       CHECK:   memref.store
//   CHECK-NOT:   qkernel
//       CHECK:   return
// CHECK-LABEL: func private @helper(
//   CHECK-NOT:   !llvm.ptr
//       CHECK:   scf.parallel
func.func @f(%x: memref<i8>) {
  %c3_i8 = arith.constant 3 : i8
  memref.store %c3_i8, %x[] : memref<i8>
  return
}
func.func private @helper(%x: memref<8xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c3_i8 = arith.constant 3 : i8
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %c3_i8, %x[%i] : memref<8xi8>
  }
  return
}

// -----

// Memory on the stack is taken once a task, not once an iteration.

// CHECK-LABEL: func private @stack_task
//       CHECK:   memref.alloca() : memref<16xi16>
//       CHECK:   scf.for
//   CHECK-NOT:   memref.alloca
//       CHECK:   return
func.func @stack(%x: memref<8xi16>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %scratch = memref.alloca() : memref<16xi16>
    %value = memref.load %scratch[%i] : memref<16xi16>
    memref.store %value, %x[%i] : memref<8xi16>
  }
  return
}
