//===- Memory.cpp - aligned memory ----------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Memory.h"

#include "qtcrt/Error.h"

#include <sys/mman.h>
#include <sys/resource.h>

using namespace qtcrt;

namespace {
constexpr uint64_t hugePage = uint64_t{2} << 20;
constexpr uint64_t hugeFrom = uint64_t{4} << 20;
} // namespace

Buffer::Buffer(uint64_t bytes, const char *purpose) : length(bytes) {
  uint64_t slack = bytes >= hugeFrom ? hugePage : 0;
  if (bytes > (uint64_t{1} << 46))
    fail("cannot allocate ", bytes, " bytes for ", purpose,
         ": more than a process can address");
  mapped = bytes + slack + (bytes == 0);
  mapping = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    mapping = nullptr;
    fail("cannot allocate ", (bytes + 1048575) / 1048576, " MiB for ", purpose,
         ": free memory, or compile the model with a smaller --batch");
  }
  uintptr_t address = reinterpret_cast<uintptr_t>(mapping);
  if (slack) {
    address = (address + hugePage - 1) & ~(hugePage - 1);
    // This is only a hint: without huge pages everything works, but more
    // slowly.
    (void)madvise(reinterpret_cast<void *>(address), bytes, MADV_HUGEPAGE);
  }
  start = reinterpret_cast<uint8_t *>(address);
}

Buffer::~Buffer() {
  if (mapping)
    munmap(mapping, mapped);
}

uint64_t qtcrt::peakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}
