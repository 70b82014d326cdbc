//===- LoaderTest.cpp - batches of training examples ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qtcrt/Loader.h"
#include "TestSupport.h"
#include "qtcrt/Error.h"

#include <gtest/gtest.h>

using namespace qtcrt;

static DataSplit makeData(uint64_t count) {
  DataSplit data;
  Column &images = data.inputs.emplace_back();
  images.shape = {1, 2, 3};
  std::vector<int32_t> classes;
  for (uint64_t i = 0; i < count; ++i) {
    classes.push_back(static_cast<int32_t>(i));
    images.bytes.insert(images.bytes.end(), 6, static_cast<uint8_t>(i));
  }
  setClasses(data, classes);
  return data;
}

static std::vector<int32_t> classesOf(const Batch &batch) {
  const Buffer &targets = batch.targets[0];
  return classesOf(Bytes(targets.data(), targets.data() + targets.size()));
}

static std::vector<int32_t> labelsOf(const DataSplit &data,
                                     const LoaderOptions &options,
                                     uint64_t epoch, uint64_t position,
                                     int batches) {
  Loader loader(data, options, epoch, position);
  std::vector<int32_t> labels;
  for (int i = 0; i < batches; ++i) {
    const Batch &batch = loader.next();
    std::vector<int32_t> classes = classesOf(batch);
    for (uint64_t j = 0; j < options.batch; ++j)
      EXPECT_EQ(batch.inputs[0].data()[j * 6 + 5], classes[j]);
    labels.insert(labels.end(), classes.begin(), classes.end());
  }
  return labels;
}

TEST(Loader, DropsTheIncompleteLastBatch) {
  DataSplit data = makeData(11);
  LoaderOptions options;
  options.batch = 4;
  options.shuffle = false;
  EXPECT_EQ(labelsOf(data, options, 0, 0, 3),
            (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3}));
}

TEST(Loader, FollowsTheShuffleOfEachEpoch) {
  DataSplit data = makeData(11);
  LoaderOptions options;
  options.batch = 4;
  options.seed = 9;
  std::vector<int32_t> labels = labelsOf(data, options, 3, 0, 4);
  for (uint64_t epoch : {3, 4}) {
    std::vector<uint32_t> order = shuffledOrder(11, 9, epoch);
    for (uint64_t i = 0; i < 8; ++i)
      EXPECT_EQ(labels[(epoch - 3) * 8 + i], static_cast<int32_t>(order[i]));
  }
}

TEST(Loader, ContinuesAnywhere) {
  DataSplit data = makeData(50);
  LoaderOptions options;
  options.batch = 8;
  std::vector<int32_t> all = labelsOf(data, options, 0, 0, 14);
  for (uint64_t start = 0; start < 12; ++start) {
    std::vector<int32_t> rest =
        labelsOf(data, options, start / 6, start % 6, 2);
    EXPECT_TRUE(std::equal(rest.begin(), rest.end(),
                           all.begin() + static_cast<long>(start * 8)));
  }
}

TEST(Loader, AugmentsByIndexInTheDataSet) {
  DataSplit data = makeData(8);
  LoaderOptions options;
  options.batch = 8;
  options.seed = 5;
  options.augment = Augmentation::CropFlip;
  Loader loader(data, options, 2, 0);
  const Column &images = data.inputs[0];
  const Batch &batch = loader.next();
  for (uint64_t i = 0; i < 8; ++i) {
    uint64_t example = static_cast<uint64_t>(classesOf(batch)[i]);
    std::vector<uint8_t> expected(6);
    cropFlip(images.example(example), expected.data(), images.shape, example, 5,
             2);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                           batch.inputs[0].data() + i * 6));
  }
}

TEST(Loader, RefusesLessThanABatch) {
  DataSplit data = makeData(3);
  LoaderOptions options;
  options.batch = 4;
  EXPECT_THROW(Loader(data, options, 0, 0), Error);
}
