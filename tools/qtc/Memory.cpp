//===- Memory.cpp - Memory that runs out ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR does not check the result of malloc, for which no handler exists. So the
// functions here take the place of the library's in the whole process.
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/Memory.h"

#include "compiler/Support/Interrupts.h"

#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <unistd.h>

#if QTC_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

using namespace qtc;

/// Prints the error, removes temporary files and ends the process.
[[noreturn]] static void endWithoutMemory() {
  static std::atomic_flag isEnding;
  static thread_local bool isEndingHere = false;
  if (isEnding.test_and_set()) {
    // Memory may run out in the lines below, too.
    if (isEndingHere)
      ::_exit(1);
    for (;;) // until another thread has ended the process
      ::pause();
  }
  isEndingHere = true;
  // There is no memory for a longer message.
  static constexpr char message[] = "error: out of memory\n";
  (void)!::write(STDERR_FILENO, message, sizeof(message) - 1);
  removeLeftovers();
  ::_exit(1);
}

void tools::handleLackOfMemory() {
  // Aligned blocks do not come from malloc, and nothing in LLVM catches an
  // exception of `new`.
  llvm::install_out_of_memory_new_handler();
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { endWithoutMemory(); });
}

extern "C" {
#if QTC_JEMALLOC
/// A phase of the compiler takes about a second, and the next one needs blocks
/// of other sizes, so free pages go back to the system after a second, not ten.
const char *malloc_conf = "dirty_decay_ms:1000";

// The functions of jemalloc that do not have the standard's names.
static void *allocate(size_t size) {
  return ::mallocx(std::max<size_t>(size, 1), 0);
}
static void *allocateZeros(size_t count, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes))
    return nullptr;
  return ::mallocx(std::max<size_t>(bytes, 1), MALLOCX_ZERO);
}
static void *reallocate(void *block, size_t size) {
  if (!block)
    return allocate(size);
  return ::rallocx(block, std::max<size_t>(size, 1), 0);
}
#else
// NOLINTBEGIN(bugprone-reserved-identifier): glibc's own functions
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
// NOLINTEND(bugprone-reserved-identifier)
static void *allocate(size_t size) { return __libc_malloc(size); }
static void *allocateZeros(size_t count, size_t size) {
  return __libc_calloc(count, size);
}
static void *reallocate(void *block, size_t size) {
  return __libc_realloc(block, std::max<size_t>(size, 1));
}
#endif

void *malloc(size_t size) noexcept {
  void *block = allocate(size);
  if (!block)
    endWithoutMemory();
  return block;
}

void *calloc(size_t count, size_t size) noexcept {
  void *block = allocateZeros(count, size);
  if (!block)
    endWithoutMemory();
  return block;
}

void *realloc(void *old, size_t size) noexcept {
  void *block = reallocate(old, size);
  if (!block)
    endWithoutMemory();
  return block;
}
}
