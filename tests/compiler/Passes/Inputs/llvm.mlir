// Functions of LLVM among those of a model.

llvm.func @f()
llvm.func internal @g(%x: i32) -> i32 {
  llvm.return %x : i32
}
func.func @h() {
  return
}

// -----

llvm.func internal @a(%x: i64) {
  %0 = llvm.mlir.constant(5 : i64) : i64
  %1 = llvm.add %x, %0 : i64
  llvm.call @b(%1) : (i64) -> ()
  llvm.return
}
llvm.func internal @b(%x: i64) {
  %0 = llvm.mlir.constant(6 : i64) : i64
  %1 = llvm.add %x, %0 : i64
  llvm.call @c(%1) : (i64) -> ()
  llvm.return
}
llvm.func internal @c(%x: i64) {
  llvm.return
}
llvm.func @d(%x: i64) {
  llvm.call @a(%x) : (i64) -> ()
  llvm.call @b(%x) : (i64) -> ()
  llvm.return
}

// -----

// Equal functions that call equal functions.
llvm.func internal @a(%x: i64) {
  llvm.call @c(%x) : (i64) -> ()
  llvm.return
}
llvm.func internal @b(%x: i64) {
  llvm.call @c(%x) : (i64) -> ()
  llvm.return
}
llvm.func internal @c(%x: i64) {
  %0 = llvm.mlir.constant(5 : i64) : i64
  %1 = llvm.add %x, %0 : i64
  llvm.return
}
llvm.func internal @d(%x: i64) {
  %0 = llvm.mlir.constant(6 : i64) : i64
  %1 = llvm.add %x, %0 : i64
  llvm.return
}
llvm.func @e(%x: i64) {
  llvm.call @a(%x) : (i64) -> ()
  llvm.call @b(%x) : (i64) -> ()
  llvm.call @d(%x) : (i64) -> ()
  llvm.return
}

// -----

llvm.func internal @a(%x: i64, ...) {
  llvm.return
}
llvm.func internal @b(%x: i64, ...) {
  llvm.return
}
llvm.func @d(%x: i64) {
  llvm.call @a(%x, %x) vararg(!llvm.func<void (i64, ...)>) : (i64, i64) -> ()
  llvm.call @b(%x) vararg(!llvm.func<void (i64, ...)>) : (i64) -> ()
  llvm.return
}

// -----

llvm.func internal @a(%x: i64) {
  llvm.call @a(%x) : (i64) -> ()
  llvm.return
}
llvm.func internal @b(%x: i64) {
  llvm.br ^a(%x : i64)
^a(%y: i64):
  %0 = llvm.mlir.constant(dense<5> : vector<4xi64>) : vector<4xi64>
  %1 = llvm.mlir.addressof @a : !llvm.ptr
  llvm.call %1(%y) : !llvm.ptr, (i64) -> ()
  llvm.br ^a(%y : i64)
}

// -----

llvm.func @f(%x: !llvm.ptr {qtrain.role = #qtrain.role<target>}, %y: i64 {qtrain.parameter = 5 : i32}) {
  llvm.return
}

// -----

llvm.mlir.global internal @g() : !llvm.array<4 x i8> {
  %0 = llvm.mlir.undef : !llvm.array<4 x i8>
  llvm.return %0 : !llvm.array<4 x i8>
}
llvm.func @f() -> i32 {
  %0 = llvm.mlir.constant(5 : i32) : i32
  %1 = llvm.inline_asm "", "=r,0" %0 : (i32) -> i32
  llvm.return %1 : i32
}
func.func @h() -> i32 {
  %0 = llvm.call @f() : () -> i32
  return %0 : i32
}
