//===- LayerProfile.cpp - Times of operations by layer and pass -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/LayerProfile.h"

#include <cstring>
#include <map>
#include <optional>

using namespace qtcrt;

namespace {

bool isKind(const qtcrt_op &op, const char *kind) {
  return std::strcmp(op.kind, kind) == 0;
}

bool isKernel(const qtcrt_op &op) { return op.macs > 0; }

const char *passOf(const qtcrt_op &kernel) {
  if (isKind(kernel, "input_gradient"))
    return "input gradient";
  if (isKind(kernel, "weight_gradient"))
    return "weight gradient";
  return "forward";
}

/// The kernels and operations of one node that were visited so far.
struct NodeState {
  std::vector<size_t> kernels;     ///< indices of its kernels, in order
  size_t started = 0;              ///< how many of them have run
  std::optional<size_t> lastOwner; ///< of its last operation
};

class Grouper {
public:
  explicit Grouper(const std::vector<TimedOp> &ops) : ops(ops) {}

  LayerProfile run() {
    for (size_t i = 0; i < ops.size(); ++i)
      if (isKernel(*ops[i].op))
        addPass(*ops[i].op);
    for (const TimedOp &timed : ops)
      isKernel(*timed.op) ? addKernel(timed) : addHelper(timed);
    return profile;
  }

private:
  void addPass(const qtcrt_op &kernel) {
    nodes[kernel.name].kernels.push_back(profile.passes.size());
    LayerPass pass;
    pass.node = kernel.name;
    pass.pass = passOf(kernel);
    profile.passes.push_back(pass);
  }

  void addKernel(const TimedOp &timed) {
    NodeState &node = nodes[timed.op->name];
    size_t index = node.kernels[node.started++];
    LayerPass &pass = profile.passes[index];
    pass.kernelMilliseconds = timed.milliseconds;
    pass.leastMilliseconds += timed.leastMilliseconds;
    pass.macs = static_cast<double>(timed.op->macs);
    pass.bytes = static_cast<double>(timed.op->bytes);
    node.lastOwner = index;
    if (!isKind(*timed.op, "weight_gradient"))
      lastResult = index;
  }

  void addHelper(const TimedOp &timed) {
    std::optional<size_t> owner = findOwner(*timed.op);
    if (!owner) {
      profile.otherMilliseconds += timed.milliseconds;
      return;
    }
    LayerPass &pass = profile.passes[*owner];
    pass.helperMilliseconds += timed.milliseconds;
    pass.leastMilliseconds += timed.leastMilliseconds;
    pass.helperBytes += static_cast<double>(timed.op->bytes);
  }

  std::optional<size_t> findOwner(const qtcrt_op &op) {
    auto found = nodes.find(op.name);
    bool elementwise = isKind(op, "elementwise");
    if (found == nodes.end())
      return elementwise ? lastResult : std::nullopt;
    NodeState &node = found->second;
    if (isKind(op, "softmax_error"))
      return std::nullopt;
    if (isKind(op, "channel_sum"))
      node.lastOwner = node.kernels.back();
    else if (!elementwise || !node.lastOwner)
      node.lastOwner = node.started < node.kernels.size()
                           ? node.kernels[node.started]
                           : node.kernels.back();
    return node.lastOwner;
  }

  const std::vector<TimedOp> &ops;
  std::map<std::string, NodeState> nodes;
  /// The last kernel whose result goes on to other nodes.
  std::optional<size_t> lastResult;
  LayerProfile profile;
};

} // namespace

LayerProfile qtcrt::groupByLayer(const std::vector<TimedOp> &ops) {
  return Grouper(ops).run();
}
