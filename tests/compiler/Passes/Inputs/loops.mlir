// Parallel loops of odd extents, captures and bodies.

func.func @f(%x: memref<4xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%c0) step (%c1) {
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = arith.constant -5 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%m, %m) step (%c1, %c1) {
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = arith.constant 9223372036854775807 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%m, %m) step (%c1, %c1) {
    scf.reduce
  }
  return
}

// -----

func.func @f(%n: index, %s: index) {
  scf.parallel (%i) = (%n) to (%n) step (%s) {
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %z = arith.constant 0.0 : f32
  %0 = scf.parallel (%i) = (%c0) to (%c4) step (%c1) init (%z) -> f32 {
    %a = memref.load %x[%i] : memref<4xf32>
    scf.reduce(%a : f32) {
    ^bb0(%l: f32, %r: f32):
      %c = arith.cmpf ogt, %l, %r : f32
      %m = scf.if %c -> f32 {
        scf.yield %l : f32
      } else {
        scf.yield %r : f32
      }
      scf.reduce.return %m : f32
    }
  }
  return %0 : f32
}

// -----

func.func @f(%x: memref<4xi8>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %s = arith.addi %i, %n : index
    %a = memref.alloca(%s) : memref<?xi8>
    scf.parallel (%j) = (%c0) to (%s) step (%c1) {
      scf.reduce
    }
    scf.reduce
  }
  return
}

// -----

// Scalars that more than loops use.
func.func @f(%x: memref<4xi8>, %n: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %a = arith.addi %n, %n : i32
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    scf.reduce
  }
  return %a : i32
}

// -----

func.func @f(%n: i32) -> i32 {
  return %n : i32
}

// -----

func.func @f(%x: memref<64xi8>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %m = arith.addi %n, %n : index
  %v = memref.view %x[%m][] : memref<64xi8> to memref<4xi8>
  %b = memref.alloc(%m) : memref<?xi8>
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %z = memref.load %v[%i] : memref<4xi8>
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xi8>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %t = tensor.empty() : tensor<4xi8>
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %e = tensor.extract %t[%i] : tensor<4xi8>
    memref.store %e, %x[%i] : memref<4xi8>
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xi8>, %c: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.if %c {
    scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
      scf.reduce
    }
  }
  scf.while : () -> () {
    scf.condition(%c)
  } do {
    scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
      scf.reduce
    }
    scf.yield
  }
  return
}

// -----

func.func @f(%x: memref<?x?xi8, strided<[?, ?], offset: ?>>, %y: memref<*xi8>, %z: memref<4xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %a = memref.load %x[%i, %i] : memref<?x?xi8, strided<[?, ?], offset: ?>>
    %d = memref.dim %y, %c0 : memref<*xi8>
    memref.store %d, %z[%i] : memref<4xindex>
    scf.reduce
  }
  return
}

// -----

func.func @f(%x: memref<4xvector<4xf32>>, %y: memref<4xcomplex<f32>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %a = memref.load %x[%i] : memref<4xvector<4xf32>>
    memref.store %a, %x[%i] : memref<4xvector<4xf32>>
    %b = memref.load %y[%i] : memref<4xcomplex<f32>>
    memref.store %b, %y[%i] : memref<4xcomplex<f32>>
    scf.reduce
  }
  return
}

// -----

func.func @f(%t: tensor<4xf32>) -> tensor<4xf32> {
  %c4 = arith.constant 4 : index
  %0 = scf.forall (%i) in (4) shared_outs(%o = %t) -> tensor<4xf32> {
    %s = tensor.extract_slice %o[%i] [1] [1] : tensor<4xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %o[%i] [1] [1] : tensor<1xf32> into tensor<4xf32>
    }
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @f(%n: index, %e: !llvm.ptr) {
  qkernel.launch @nothing(%n) on %e : !llvm.ptr count 4 with index
  return
}

// -----

func.func private @task(index, index, tensor<4xf32>)
func.func @f(%t: tensor<4xf32>, %e: !llvm.ptr) {
  qkernel.launch @task(%t) on %e : !llvm.ptr count 4 with tensor<4xf32>
  return
}

// -----

func.func private @task(index, index, memref<?xi8>, memref<*xi8>, index)
func.func @f(%x: memref<?xi8>, %y: memref<*xi8>, %n: index, %e: i32) {
  qkernel.launch @task(%x, %y, %n) on %e : i32 count 4 with memref<?xi8>, memref<*xi8>, index
  qkernel.mark 4 on %e : i32
  return
}

// -----

func.func private @task(%b: index, %e: index) {
  return
}
%e = llvm.mlir.zero : !llvm.ptr
qkernel.launch @task() on %e : !llvm.ptr count 4

// -----

func.func private @task(%b: index, %e: index) {
  return
}
func.func @f(%e: !llvm.ptr) {
  qkernel.launch @task() on %e : !llvm.ptr count -4
  qkernel.mark -1 on %e : !llvm.ptr
  return
}

// -----

func.func @task(%b: index, %e: index, %p: !llvm.ptr {qtrain.role = #qtrain.role<executor>}) {
  qkernel.launch @task(%p) on %p : !llvm.ptr count 4 with !llvm.ptr
  return
}

// -----

func.func private @task_entry() {
  return
}
func.func private @qtcrt_mark() {
  return
}
func.func private @qtcrt_parallel_for() {
  return
}
func.func private @task(%b: index, %e: index) {
  return
}
func.func @f(%e: !llvm.ptr {qtrain.role = #qtrain.role<executor>}) {
  qkernel.launch @task() on %e : !llvm.ptr count 4
  qkernel.mark 0 on %e : !llvm.ptr
  return
}

// -----

func.func @f(%x: memref<4xi8> {qtrain.role = "\1B[31mred"}, %p: !llvm.ptr {qtrain.role = #qtrain.role<executor>}) {
  return
}

// -----

func.func @f(%x: memref<?xi8> {qtrain.parameter = @w}) -> i32 {
  %0 = arith.constant 0 : i32
  return %0 : i32
}

// -----

func.func @f(%x: memref<4xi8> {qtrain.parameter = @"\1B[31mred"}) {
  return
}
