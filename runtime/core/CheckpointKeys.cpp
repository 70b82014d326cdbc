//===- CheckpointKeys.cpp - keys of tensors in checkpoints ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/CheckpointKeys.h"

#include <algorithm>

using namespace qtcrt;

namespace {

constexpr char escape = '~';

bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Whether a key of the format looks like `name` without the escapes at its
/// end.
bool isReserved(std::string name) {
  name.erase(name.find_last_not_of(escape) + 1);
  if (name == "__metadata__")
    return true;
  for (const char *end :
       {".exponent", ".momentum", ".evaluation", ".average_sum"})
    if (endsWith(name, end))
      return true;
  // Optimizers number the tensors that they keep.
  if (name.empty() || name.back() < '0' || name.back() > '9')
    return false;
  name.pop_back();
  return endsWith(name, ".moment");
}

std::string escaped(const std::string &name) {
  return isReserved(name) ? name + escape : name;
}

} // namespace

std::string qtcrt::checkpointKey(const qtcrt_tensor &tensor) {
  std::string name = tensor.name;
  if (tensor.kind == QTCRT_STATE_PARAMETER || tensor.kind == QTCRT_STATE_BUFFER)
    return escaped(name);
  size_t dot = std::min(name.rfind('.'), name.size());
  return escaped(name.substr(0, dot)) + name.substr(dot);
}

std::string qtcrt::exponentKey(const qtcrt_tensor &tensor) {
  return checkpointKey(tensor) + ".exponent";
}

std::string qtcrt::averageKey(const qtcrt_tensor &tensor) {
  return checkpointKey(tensor) + ".average_sum";
}
