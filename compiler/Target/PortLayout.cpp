//===- PortLayout.cpp - Numbers of the ports of a model -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/PortLayout.h"

#include <algorithm>
#include <numeric>

using namespace mlir;
using namespace qtc;
using qtrain::Role;

static unsigned countArguments(func::FuncOp function, Role role, unsigned end) {
  unsigned count = 0;
  for (unsigned i = 0; i < end; ++i)
    count += qtrain::getRole(function, i) == role;
  return count;
}

PortLayout::PortLayout(ModuleOp module) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isPrivate())
      for (unsigned role = 0; role < kNumPortRoles; ++role)
        counts[role] = std::max(
            counts[role], countArguments(function, static_cast<Role>(role),
                                         function.getNumArguments()));
}

std::optional<unsigned> PortLayout::getPort(func::FuncOp function,
                                            unsigned index) const {
  std::optional<Role> role = qtrain::getRole(function, index);
  if (!role || static_cast<unsigned>(*role) >= kNumPortRoles)
    return std::nullopt;
  const auto *first = counts.begin() + static_cast<unsigned>(*role);
  return std::accumulate(counts.begin(), first, 0u) +
         countArguments(function, *role, index);
}

unsigned PortLayout::getNumPorts() const {
  return std::accumulate(counts.begin(), counts.end(), 0u);
}
