// RUN: qtc-opt %s -convert-loops-to-gpu | FileCheck %s

// Every launch has an entry in the function's profile, in their order: those
// that are there already, too.

// CHECK-LABEL: func @f(
//  CHECK-SAME:   qkernel.profile = [
//  CHECK-SAME:     {bytes = 16 : i64, kind = "conv2d", macs = 128 : i64, name = ""}
//  CHECK-SAME:     {bytes = 20 : i64, kind = "max_abs", macs = 0 : i64, name = "node"}
//  CHECK-SAME:     {bytes = 4 : i64, kind = "elementwise", macs = 0 : i64, name = ""}
func.func @f(%x: memref<4xi32>, %y: memref<i32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %v = arith.constant 3 : i32
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    memref.store %v, %x[%tx] : memref<4xi32>
    gpu.terminator
  } {qkernel.kind = "conv2d", qkernel.macs = 128 : i64}
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %w = memref.load %x[%i] : memref<4xi32>
    memref.store %w, %y[] : memref<i32>
    scf.reduce
  } {qkernel.kind = "max_abs"} loc("node")
  scf.parallel (%i) = (%c0) to (%c1) step (%c1) {
    memref.store %v, %y[] : memref<i32>
    scf.reduce
  }
  return
}
