// Bodies: several blocks, other terminators, loops of calls, odd operations.

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  cf.br ^b
^b:
  return %x : tensor<2x4xf32>
}

// -----

func.func @train_step(%c: i1, %x: memref<4xi8>) {
  cf.cond_br %c, ^a, ^b
^a:
  %0 = memref.alloc() : memref<4xi8>
  memref.copy %x, %0 : memref<4xi8> to memref<4xi8>
  return
^b:
  return
}

// -----

func.func @f() {
  cf.br ^a
^a:
  cf.br ^a
}

// -----

func.func @f() {
  "llvm.unreachable"() : () -> ()
}

// -----

func.func @f() {
  call @f() : () -> ()
  return
}

// -----

func.func @f() {
  call @g() : () -> ()
  return
}
func.func @g() {
  call @f() : () -> ()
  return
}

// -----

func.func private @k(%x: memref<4xi8>) attributes {qkernel.kernel} {
  call @k(%x) : (memref<4xi8>) -> ()
  return
}
func.func @f(%x: memref<4xi8>) {
  call @k(%x) : (memref<4xi8>) -> ()
  return
}

// -----

func.func private @k() -> i32 attributes {qkernel.kernel} {
  %0 = arith.constant 1 : i32
  return %0 : i32
}
func.func @f() -> i32 {
  %0 = call @k() : () -> i32
  return %0 : i32
}

// -----

func.func private @k(%c: i1) attributes {qkernel.kernel} {
  cf.cond_br %c, ^a, ^b
^a:
  return
^b:
  return
}
func.func @f(%c: i1) {
  call @k(%c) : (i1) -> ()
  return
}

// -----

func.func private @k() attributes {qkernel.kernel}
func.func @f() {
  call @k() : () -> ()
  return
}

// -----

func.func private @k(%e: !llvm.ptr) attributes {qkernel.kernel} {
  qkernel.mark 7 on %e : !llvm.ptr
  return
}
func.func @f(%e: !llvm.ptr) {
  call @k(%e) : (!llvm.ptr) -> ()
  return
}

// -----

module {
  module {
    func.func private @f()
    func.func @g(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
      %0 = qtrain.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
      return %0 : tensor<2x4xf32>
    }
  }
}

// -----

func.func @f(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  module {
    func.func @g(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
      return %x : tensor<2x4xf32>
    }
  }
  return %x : tensor<2x4xf32>
}

// -----

func.func @f(%x: tensor<2x4xf32>, %c: i1) -> tensor<2x4xf32> {
  %0 = scf.if %c -> tensor<2x4xf32> {
    %1 = qtrain.relu %x : (tensor<2x4xf32>) -> tensor<2x4xf32>
    scf.yield %1 : tensor<2x4xf32>
  } else {
    scf.yield %x : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}

// -----

func.func @forward(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = scf.execute_region -> tensor<2x4xf32> {
    scf.yield %x : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}

// -----

// Regions of modules are graphs: values come from themselves.
module {
  %0 = qtrain.reshape %1 : (tensor<2x4xf32>) -> tensor<4x2xf32>
  %1 = qtrain.reshape %0 : (tensor<4x2xf32>) -> tensor<2x4xf32>
}

// -----

module {
  %0 = qtrain.relu %0 : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = qtrain.reshape %1 : (tensor<2x4xf32>) -> tensor<2x4xf32>
}

// -----

func.func @f() {
  module {
    %0 = qtrain.transpose %1 {permutation = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
    %1 = qtrain.reshape %0 : (tensor<4x2xf32>) -> tensor<2x4xf32>
    %w = qtrain.reshape %v : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %v = qtrain.reshape %w : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %2 = qtrain.linear %1, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  }
  return
}

// -----

func.func @f(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      scf.for %k = %c0 to %n step %c1 {
        scf.parallel (%l) = (%c0) to (%n) step (%c1) {
          %m = memref.alloca(%l) : memref<?xi8>
          scf.reduce
        }
      }
    }
  }
  return
}

// -----

func.func @f(%x: !qtrain.scaled<tensor<1xi8>>) {
  // Two ways to every value: 2^40 in all.
  %0 = qtrain.relu %x : (!qtrain.scaled<tensor<1xi8>>) -> !qtrain.scaled<tensor<1xi8>>
  %1 = qtrain.concat %0, %0 {axis = 1 : i64} : (!qtrain.scaled<tensor<1xi8>>, !qtrain.scaled<tensor<1xi8>>) -> !qtrain.scaled<tensor<1xi8>>
  return
}

// -----

// Two ways from every sum to the one before it.
func.func @f(%m: tensor<1x1xi8>, %e: i32, %w: tensor<1x1xi8>) -> tensor<1x1xi32> {
  %x = qtrain.compose %m, %e : (tensor<1x1xi8>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %v = qtrain.compose %w, %e : (tensor<1x1xi8>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %0 = qtrain.relu %x : (!qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi8>>
  %s = arith.constant 1 : i32
  %max0 = qtrain.max_magnitude %0 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a1 = qtrain.sum %0, %0 maxima(%max0, %max0) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b1 = qtrain.shift_scale %a1 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max1 = qtrain.max_magnitude %b1 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a2 = qtrain.sum %b1, %b1 maxima(%max1, %max1) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b2 = qtrain.shift_scale %a2 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max2 = qtrain.max_magnitude %b2 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a3 = qtrain.sum %b2, %b2 maxima(%max2, %max2) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b3 = qtrain.shift_scale %a3 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max3 = qtrain.max_magnitude %b3 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a4 = qtrain.sum %b3, %b3 maxima(%max3, %max3) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b4 = qtrain.shift_scale %a4 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max4 = qtrain.max_magnitude %b4 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a5 = qtrain.sum %b4, %b4 maxima(%max4, %max4) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b5 = qtrain.shift_scale %a5 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max5 = qtrain.max_magnitude %b5 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a6 = qtrain.sum %b5, %b5 maxima(%max5, %max5) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b6 = qtrain.shift_scale %a6 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max6 = qtrain.max_magnitude %b6 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a7 = qtrain.sum %b6, %b6 maxima(%max6, %max6) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b7 = qtrain.shift_scale %a7 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max7 = qtrain.max_magnitude %b7 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a8 = qtrain.sum %b7, %b7 maxima(%max7, %max7) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b8 = qtrain.shift_scale %a8 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max8 = qtrain.max_magnitude %b8 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a9 = qtrain.sum %b8, %b8 maxima(%max8, %max8) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b9 = qtrain.shift_scale %a9 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max9 = qtrain.max_magnitude %b9 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a10 = qtrain.sum %b9, %b9 maxima(%max9, %max9) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b10 = qtrain.shift_scale %a10 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max10 = qtrain.max_magnitude %b10 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a11 = qtrain.sum %b10, %b10 maxima(%max10, %max10) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b11 = qtrain.shift_scale %a11 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max11 = qtrain.max_magnitude %b11 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a12 = qtrain.sum %b11, %b11 maxima(%max11, %max11) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b12 = qtrain.shift_scale %a12 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max12 = qtrain.max_magnitude %b12 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a13 = qtrain.sum %b12, %b12 maxima(%max12, %max12) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b13 = qtrain.shift_scale %a13 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max13 = qtrain.max_magnitude %b13 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a14 = qtrain.sum %b13, %b13 maxima(%max13, %max13) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b14 = qtrain.shift_scale %a14 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max14 = qtrain.max_magnitude %b14 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a15 = qtrain.sum %b14, %b14 maxima(%max14, %max14) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b15 = qtrain.shift_scale %a15 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max15 = qtrain.max_magnitude %b15 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a16 = qtrain.sum %b15, %b15 maxima(%max15, %max15) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b16 = qtrain.shift_scale %a16 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max16 = qtrain.max_magnitude %b16 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a17 = qtrain.sum %b16, %b16 maxima(%max16, %max16) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b17 = qtrain.shift_scale %a17 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max17 = qtrain.max_magnitude %b17 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a18 = qtrain.sum %b17, %b17 maxima(%max17, %max17) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b18 = qtrain.shift_scale %a18 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max18 = qtrain.max_magnitude %b18 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a19 = qtrain.sum %b18, %b18 maxima(%max18, %max18) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b19 = qtrain.shift_scale %a19 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max19 = qtrain.max_magnitude %b19 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a20 = qtrain.sum %b19, %b19 maxima(%max19, %max19) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b20 = qtrain.shift_scale %a20 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max20 = qtrain.max_magnitude %b20 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a21 = qtrain.sum %b20, %b20 maxima(%max20, %max20) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b21 = qtrain.shift_scale %a21 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max21 = qtrain.max_magnitude %b21 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a22 = qtrain.sum %b21, %b21 maxima(%max21, %max21) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b22 = qtrain.shift_scale %a22 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max22 = qtrain.max_magnitude %b22 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a23 = qtrain.sum %b22, %b22 maxima(%max22, %max22) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b23 = qtrain.shift_scale %a23 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max23 = qtrain.max_magnitude %b23 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a24 = qtrain.sum %b23, %b23 maxima(%max23, %max23) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b24 = qtrain.shift_scale %a24 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max24 = qtrain.max_magnitude %b24 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a25 = qtrain.sum %b24, %b24 maxima(%max24, %max24) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b25 = qtrain.shift_scale %a25 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max25 = qtrain.max_magnitude %b25 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a26 = qtrain.sum %b25, %b25 maxima(%max25, %max25) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b26 = qtrain.shift_scale %a26 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max26 = qtrain.max_magnitude %b26 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a27 = qtrain.sum %b26, %b26 maxima(%max26, %max26) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b27 = qtrain.shift_scale %a27 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max27 = qtrain.max_magnitude %b27 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a28 = qtrain.sum %b27, %b27 maxima(%max27, %max27) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b28 = qtrain.shift_scale %a28 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max28 = qtrain.max_magnitude %b28 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a29 = qtrain.sum %b28, %b28 maxima(%max28, %max28) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b29 = qtrain.shift_scale %a29 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max29 = qtrain.max_magnitude %b29 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a30 = qtrain.sum %b29, %b29 maxima(%max29, %max29) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b30 = qtrain.shift_scale %a30 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max30 = qtrain.max_magnitude %b30 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a31 = qtrain.sum %b30, %b30 maxima(%max30, %max30) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b31 = qtrain.shift_scale %a31 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max31 = qtrain.max_magnitude %b31 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a32 = qtrain.sum %b31, %b31 maxima(%max31, %max31) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b32 = qtrain.shift_scale %a32 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max32 = qtrain.max_magnitude %b32 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a33 = qtrain.sum %b32, %b32 maxima(%max32, %max32) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b33 = qtrain.shift_scale %a33 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max33 = qtrain.max_magnitude %b33 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a34 = qtrain.sum %b33, %b33 maxima(%max33, %max33) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b34 = qtrain.shift_scale %a34 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max34 = qtrain.max_magnitude %b34 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a35 = qtrain.sum %b34, %b34 maxima(%max34, %max34) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b35 = qtrain.shift_scale %a35 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max35 = qtrain.max_magnitude %b35 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a36 = qtrain.sum %b35, %b35 maxima(%max35, %max35) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b36 = qtrain.shift_scale %a36 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max36 = qtrain.max_magnitude %b36 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a37 = qtrain.sum %b36, %b36 maxima(%max36, %max36) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b37 = qtrain.shift_scale %a37 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max37 = qtrain.max_magnitude %b37 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a38 = qtrain.sum %b37, %b37 maxima(%max37, %max37) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b38 = qtrain.shift_scale %a38 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max38 = qtrain.max_magnitude %b38 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a39 = qtrain.sum %b38, %b38 maxima(%max38, %max38) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b39 = qtrain.shift_scale %a39 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max39 = qtrain.max_magnitude %b39 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a40 = qtrain.sum %b39, %b39 maxima(%max39, %max39) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b40 = qtrain.shift_scale %a40 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max40 = qtrain.max_magnitude %b40 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a41 = qtrain.sum %b40, %b40 maxima(%max40, %max40) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b41 = qtrain.shift_scale %a41 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max41 = qtrain.max_magnitude %b41 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a42 = qtrain.sum %b41, %b41 maxima(%max41, %max41) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b42 = qtrain.shift_scale %a42 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max42 = qtrain.max_magnitude %b42 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a43 = qtrain.sum %b42, %b42 maxima(%max42, %max42) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b43 = qtrain.shift_scale %a43 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max43 = qtrain.max_magnitude %b43 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a44 = qtrain.sum %b43, %b43 maxima(%max43, %max43) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b44 = qtrain.shift_scale %a44 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max44 = qtrain.max_magnitude %b44 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a45 = qtrain.sum %b44, %b44 maxima(%max44, %max44) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b45 = qtrain.shift_scale %a45 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max45 = qtrain.max_magnitude %b45 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a46 = qtrain.sum %b45, %b45 maxima(%max45, %max45) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b46 = qtrain.shift_scale %a46 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max46 = qtrain.max_magnitude %b46 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a47 = qtrain.sum %b46, %b46 maxima(%max46, %max46) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b47 = qtrain.shift_scale %a47 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %max47 = qtrain.max_magnitude %b47 : (!qtrain.scaled<tensor<1x1xi8>>) -> i32
  %a48 = qtrain.sum %b47, %b47 maxima(%max47, %max47) : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %b48 = qtrain.shift_scale %a48 by %s {bits = 8 : i64, rounding = #qtrain.rounding<nearest>} : (!qtrain.scaled<tensor<1x1xi32>>, i32) -> !qtrain.scaled<tensor<1x1xi8>>
  %y = qtrain.linear %b48, %v : (!qtrain.scaled<tensor<1x1xi8>>, !qtrain.scaled<tensor<1x1xi8>>) -> !qtrain.scaled<tensor<1x1xi32>>
  %r, %re = qtrain.decompose %y : (!qtrain.scaled<tensor<1x1xi32>>) -> (tensor<1x1xi32>, i32)
  return %r : tensor<1x1xi32>
}

// -----

// Deep regions.
func.func @f(%c: i1, %x: memref<4xi8>) {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  scf.if %c {
  %0 = memref.alloc() : memref<4xi8>
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  }
  return
}
