//===- CheckpointKeysTest.cpp - keys of tensors in checkpoints ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/CheckpointKeys.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

using namespace qtcrt;

/// The key of a tensor in a checkpoint.
static std::string keyOf(const char *name,
                         qtcrt_state_kind kind = QTCRT_STATE_PARAMETER) {
  qtcrt_tensor tensor{};
  tensor.name = name;
  tensor.kind = kind;
  return checkpointKey(tensor);
}

TEST(CheckpointKeys, AreTheNames) {
  for (const char *name : {"", "w", "conv.weight", "W", "~", "w~", "exponent",
                           "w.exponents", "metadata", "a\nb", "重み"})
    EXPECT_EQ(keyOf(name), name);
  EXPECT_EQ(keyOf("bn.mean", QTCRT_STATE_BUFFER), "bn.mean");
  EXPECT_EQ(keyOf("w.momentum", QTCRT_STATE_OPTIMIZER), "w.momentum");
  EXPECT_EQ(keyOf("w.moment2", QTCRT_STATE_OPTIMIZER), "w.moment2");
  for (const char *name : {"w.moment", "w.moment12", "moment1", "w.momenta"})
    EXPECT_EQ(keyOf(name), name);
}

TEST(CheckpointKeys, ReservedNamesAreEscaped) {
  EXPECT_EQ(keyOf("__metadata__"), "__metadata__~");
  EXPECT_EQ(keyOf("__metadata__~"), "__metadata__~~");
  EXPECT_EQ(keyOf("w.exponent"), "w.exponent~");
  EXPECT_EQ(keyOf("bn.mean.evaluation"), "bn.mean.evaluation~");
  EXPECT_EQ(keyOf("w.momentum~~"), "w.momentum~~~");
  EXPECT_EQ(keyOf("w.moment1"), "w.moment1~");
  EXPECT_EQ(keyOf("w.moment2~"), "w.moment2~~");
  EXPECT_EQ(keyOf(".exponent"), ".exponent~");
  EXPECT_EQ(keyOf("w.momentum.momentum", QTCRT_STATE_OPTIMIZER),
            "w.momentum~.momentum");
  EXPECT_EQ(keyOf("__metadata__.momentum", QTCRT_STATE_OPTIMIZER),
            "__metadata__~.momentum");
}

/// Whatever a model calls its tensors, all keys differ.
TEST(CheckpointKeys, AreUnique) {
  std::vector<std::string> names = {"w", "__metadata__"};
  for (size_t i = 0; names.size() < 200; ++i)
    for (const char *end : {"~", ".exponent", ".momentum", ".moment1",
                            ".evaluation", ".average_sum"})
      names.push_back(names[i] + end);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::set<std::string> keys = {"__metadata__"};
  for (const std::string &name : names) {
    qtcrt_tensor tensor{}, momentum{};
    std::string state = name + ".momentum";
    tensor.name = name.c_str();
    momentum.name = state.c_str();
    momentum.kind = QTCRT_STATE_OPTIMIZER;
    for (const std::string &key :
         {checkpointKey(tensor), exponentKey(tensor), checkpointKey(momentum)})
      EXPECT_TRUE(keys.insert(key).second) << key;
  }
}
