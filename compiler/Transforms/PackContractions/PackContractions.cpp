//===- PackContractions.cpp - Convolutions to contractions ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PackContractions/PackContractions.h"
#include "compiler/Transforms/PackContractions/Packer.h"

#include "compiler/Support/Rewriting.h"
#include "compiler/Support/SumParts.h"
#include "compiler/Support/WindowPhases.h"
#include "llvm/Support/MathExtras.h"

namespace qtc {
#define GEN_PASS_DEF_PACKCONTRACTIONS
#include "compiler/Transforms/PackContractions/PackContractions.h.inc"
} // namespace qtc

using namespace mlir;
using namespace qtc;
using namespace qtc::qkernel;
using llvm::alignTo;
using llvm::divideCeil;

/// Channels that fill a cache line: of bytes with four images interleaved, or
/// of floats.
static constexpr int64_t kBlock = 16;

/// Phases leave out padding if at least 1 / this of the products multiply it. A
/// phase is a kernel of its own, so it adds code.
static constexpr int64_t kMinSkippedPart = 8;

/// Fewest weights of an output for which it pays to copy errors into panels.
/// Panels are read in sequence, once per tile of rows.
static constexpr int64_t kMinPanelRows = 512;

/// Channels that a linear layer may pad to whole steps of four: the dot
/// products become at most 1/8 more.
static constexpr int64_t kMinPadded = 17;

/// True if phases can be listed, and if packed activations, with all padding
/// that a packing can have, can be counted in 64 bits.
template <typename OpTy> static bool isManageable(OpTy op) {
  ArrayRef<int64_t> x = shapeOf(op.getInput()), y = shapeOf(op.getOutput());
  if (!hasFewPhases(op.getWindow(), x.slice(1, 2)))
    return false;
  uint64_t elements = alignTo(x[0], 4);
  for (unsigned dim : {0u, 1u})
    elements = llvm::SaturatingMultiply<uint64_t>(
        elements, x[dim + 1] + y[dim + 1] + op.getWindow().getPads()[dim] +
                      op.getWindow().getPads()[dim + 2] +
                      2 * op.getWindow().getSpan(dim));
  elements = llvm::SaturatingMultiply<uint64_t>(
      elements, alignTo(std::max(x[3], y[3]), kBlock));
  return elements <= static_cast<uint64_t>(qtrain::kMaxElements);
}

/// Whether sums of more than 32 bits can be formed in parts.
template <typename OpTy> static bool hasSumParts(OpTy) { return false; }
static bool hasSumParts(Conv2DWeightGradientOp op) {
  return getSumParts(op).has_value();
}

/// The reason why a convolution keeps its form, or an empty string.
template <typename OpTy> static StringRef getObstacle(OpTy op) {
  if (op->getNumResults() == 0)
    return "expected tensors";
  if (op.getDirect())
    return "vectors of channels need no packing";
  if (op.hasWideSums() && !hasSumParts(op))
    return "accumulators of 32 bits would overflow";
  if (!isManageable(op))
    return "extents are too large";
  return "";
}

namespace {
struct PackForward : OpRewritePattern<Conv2DOp> {
  PackForward(MLIRContext *context, const cpu::TargetRecord &target)
      : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(Conv2DOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    ArrayRef<int64_t> y = shapeOf(op.getOutput());
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    Packer packer(rewriter, op, "conv2d",
                  y[0] * y[1] * y[2] * y[3] * w[1] * w[2] * w[3], target);
    if (supportsDirect(op.getWeight(), op.getGroup()))
      packer.markDirect(op);
    else
      pack(op, packer, rewriter);
    return success();
  }

private:
  static void pack(Conv2DOp op, Packer &packer, PatternRewriter &rewriter) {
    Value input = op.getInput(), weights = op.getWeight();
    ArrayRef<int64_t> x = shapeOf(input), w = shapeOf(weights);
    ArrayRef<int64_t> y = shapeOf(op.getOutput());
    qtrain::WindowAttr window = op.getWindow();
    ArrayRef<int64_t> kernel = window.getKernel();
    ArrayRef<int64_t> dilations = window.getDilations();
    Placement placement;
    llvm::copy(window.getPads(), placement.pads.begin());
    int64_t group = op.getGroup();
    WeightOrder order = getOrder(window, x, placement, group);
    bool padsRun = order == WeightOrder::Forward;
    // A run may extend into the elements after it, whose weights are 0.
    int64_t depth = packer.getDepth();
    int64_t channels = padsRun && group == 1 ? alignTo(x[3], depth) : x[3];
    int64_t run = channels / group;
    if (order == WeightOrder::ForwardMerged)
      run *= kernel[1];
    if (order == WeightOrder::ForwardImage)
      run *= kernel[0] * kernel[1];
    bool offset = packer.needsOffset(op.getNonnegative());
    PackedImage image =
        packer.packImage(input, placement, offset, channels, channels,
                         /*interleave=*/1, /*inPlace=*/run % depth == 0);

    int64_t columns = w[0] / group, panel = packer.getPanel(columns);
    int64_t runSteps = divideCeil(run, depth), step = panel * depth;
    Addresses addresses = packer.getAddresses(columns);
    addresses.addRow(y[0], image.imageStride);
    addresses.addRow(y[1], window.getStrides()[0] * image.rowStride);
    addresses.addRow(y[2], window.getStrides()[1] * channels);
    int64_t columnSteps = padsRun ? kernel[1] : 1;
    if (order != WeightOrder::ForwardImage)
      addresses.addStep(kernel[0], dilations[0] * image.rowStride,
                        columnSteps * runSteps * step);
    if (padsRun)
      addresses.addStep(kernel[1], dilations[1] * channels, runSteps * step);
    addresses.addStep(runSteps, depth, step);
    int64_t steps = addresses.getStepCount();
    addresses.panelStride = steps * step;
    int64_t padded = alignTo(columns, panel);
    addresses.setGroups(group, {w[1], padded * steps * depth, padded});
    PackedWeights packed =
        packer.packWeights(weights, order, columns, steps, offset, group);
    rewriter.replaceOp(op, packer.contract(addresses.getAttribute(/*splits=*/1),
                                           image.elements, packed.elements,
                                           packed.start, op.getBias(),
                                           op.getOutput(), op.getMaximum()));
  }

  static WeightOrder getOrder(qtrain::WindowAttr window, ArrayRef<int64_t> x,
                              const Placement &placement, int64_t group) {
    ArrayRef<int64_t> kernel = window.getKernel();
    if (group > 1 || (kernel[1] > 1 && window.getDilations()[1] != 1))
      return WeightOrder::Forward;
    bool wholeRows = kernel[1] == placement.getExtent(1, x[2]);
    // Weights of a linear layer are packed one vector at a time if channels are
    // whole groups of four; there are more weights than activations to pad.
    bool isLinear = wholeRows && kernel[0] == placement.getExtent(0, x[1]);
    if (isLinear && kernel[0] * kernel[1] > 1 && x[3] % 4 != 0 &&
        x[3] >= kMinPadded)
      return WeightOrder::Forward;
    if (wholeRows && (kernel[0] == 1 || window.getDilations()[0] == 1))
      return WeightOrder::ForwardImage;
    return WeightOrder::ForwardMerged;
  }

  const cpu::TargetRecord &target;
};

struct PackInputGradient : OpRewritePattern<Conv2DInputGradientOp> {
  PackInputGradient(MLIRContext *context, const cpu::TargetRecord &target)
      : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(Conv2DInputGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    ArrayRef<int64_t> e = shapeOf(op.getOutput()), w = shapeOf(op.getWeight());
    Packer packer(rewriter, op, "input_gradient",
                  e[0] * e[1] * e[2] * e[3] * w[1] * w[2] * w[3], target);
    if (supportsDirect(op.getWeight(), op.getGroup()))
      packer.markDirect(op);
    else if (op.getGroup() == 1 &&
             isWholeImage(op.getWindow(), e, shapeOf(op.getInput())))
      packPointwise(op, packer, rewriter);
    else
      packPhases(op, packer, rewriter);
    return success();
  }

private:
  using Phases = std::array<SmallVector<WindowPhase>, 2>;

  static void packPhases(Conv2DInputGradientOp op, Packer &packer,
                         PatternRewriter &rewriter) {
    Value errors = op.getOutput();
    ArrayRef<int64_t> e = shapeOf(errors), w = shapeOf(op.getWeight());
    ArrayRef<int64_t> x = shapeOf(op.getInput());
    qtrain::WindowAttr window = op.getWindow();
    Phases phases = {getGradientPhases(window, 0, x[1]),
                     getGradientPhases(window, 1, x[2])};
    bool offset = packer.needsOffset(op.getNonnegative());
    if (!offset)
      phases[0] = leavePadding(phases[0], e[1]);
    Placement placement = getPlacement(phases, e);
    int64_t depth = packer.getDepth();
    int64_t group = op.getGroup(), perGroup = w[0] / group;
    int64_t channels = group == 1 ? alignTo(w[0], depth) : w[0];
    PackedImage image = packer.packImage(
        errors, placement, offset, channels, channels, /*interleave=*/1,
        /*inPlace=*/group == 1 || perGroup % depth == 0);
    int64_t columns = w[1], panel = packer.getPanel(columns);
    int64_t steps = w[2] * w[3] * divideCeil(perGroup, depth);
    // The distance of two neighbouring taps of a phase in the kernel.
    std::array<int64_t, 2> classes;
    for (unsigned dim : {0, 1})
      classes[dim] = std::min(-phases[dim].front().tapStep, w[dim + 2]);
    PackedWeights packed =
        packer.packWeights(op.getWeight(), WeightOrder::Flipped, columns, steps,
                           offset, group, classes);
    int64_t padded = alignTo(columns, panel);
    SmallVector<ContractionAttr> contractions;
    for (const WindowPhase &vertical : phases[0])
      for (const WindowPhase &horizontal : phases[1]) {
        Addresses addresses = packer.getAddresses(columns);
        addresses.panelStride = steps * panel * depth;
        addresses.setGroups(group, {perGroup, padded * steps * depth,
                                    padded * classes[0] * classes[1]});
        addPhase(addresses, vertical, horizontal, image, placement, x, w);
        contractions.push_back(addresses.getAttribute(/*splits=*/1));
      }
    rewriter.replaceOp(op, packer.contract(contractions, image.elements,
                                           packed.elements, packed.start,
                                           /*bias=*/Value(), op.getInput(),
                                           op.getMaximum()));
  }

  /// The padding that phases see around the errors.
  static Placement getPlacement(const Phases &phases, ArrayRef<int64_t> e) {
    Placement placement;
    for (unsigned dim : {0, 1})
      for (const WindowPhase &phase : phases[dim]) {
        if (phase.taps == 0)
          continue;
        int64_t last =
            phase.offset + (phase.taps - 1) * phase.dilation + phase.count - 1;
        int64_t &before = placement.pads[dim];
        int64_t &after = placement.pads[dim + 2];
        before = std::max(before, -phase.offset);
        after = std::max(after, last - e[dim + 1] + 1);
      }
    return placement;
  }

  /// A linear layer: one output position, which sees the whole image.
  static bool isWholeImage(qtrain::WindowAttr window, ArrayRef<int64_t> e,
                           ArrayRef<int64_t> x) {
    return e[1] == 1 && e[2] == 1 && window.getKernel() == x.slice(1, 2) &&
           llvm::all_of(window.getDilations(),
                        [](int64_t d) { return d == 1; }) &&
           llvm::all_of(window.getPads(), [](int64_t p) { return p == 0; });
  }

  /// Rows near the border multiply padding. If that is much of the work, they
  /// become phases of their own, without it. With an offset the padding is not
  /// 0, and start values would depend on the part that was left out.
  static SmallVector<WindowPhase> leavePadding(ArrayRef<WindowPhase> phases,
                                               int64_t extent) {
    SmallVector<WindowPhase> parts;
    int64_t taps = 0, kept = 0;
    for (const WindowPhase &phase : phases) {
      taps += phase.count * phase.taps;
      for (const WindowPhase &part : splitAtBorders(phase, extent)) {
        kept += part.count * part.taps;
        parts.push_back(part);
      }
    }
    bool isWorthIt = kept * kMinSkippedPart <= taps * (kMinSkippedPart - 1);
    return isWorthIt ? parts : SmallVector<WindowPhase>(phases);
  }

  /// Rows, steps and offsets of one phase of the image `x`. The whole kernel
  /// is packed, turned; a phase reads some of its positions.
  static void addPhase(Addresses &addresses, const WindowPhase &vertical,
                       const WindowPhase &horizontal, const PackedImage &image,
                       const Placement &placement, ArrayRef<int64_t> x,
                       ArrayRef<int64_t> w) {
    int64_t channels = image.channels, row = x[2] * x[3];
    addresses.addRow(x[0], image.imageStride);
    addresses.addRow(vertical.count, image.rowStride);
    addresses.addRow(horizontal.count, channels);
    if (vertical.count < x[1] || horizontal.count < x[2])
      addresses.resultStrides = {x[1] * row, vertical.step * row,
                                 horizontal.step * x[3]};
    int64_t result = vertical.first * row + horizontal.first * x[3];
    if (vertical.taps == 0 || horizontal.taps == 0) {
      addresses.addStep(0, 0, 0);
      addresses.offsets = {0, 0, 0, result};
      return;
    }
    int64_t depth = cpu::getDepth(addresses.factors);
    int64_t runSteps = divideCeil(w[0] / addresses.groups, depth);
    int64_t step = addresses.panel * depth, position = runSteps * step;
    addresses.addStep(vertical.taps, vertical.dilation * image.rowStride,
                      -vertical.tapStep * w[3] * position);
    addresses.addStep(horizontal.taps, horizontal.dilation * channels,
                      -horizontal.tapStep * position);
    addresses.addStep(runSteps, depth, step);
    int64_t kh = w[2] - 1 - vertical.firstTap;
    int64_t kw = w[3] - 1 - horizontal.firstTap;
    int64_t rowClass = kh % -vertical.tapStep;
    int64_t columnClass = kw % -horizontal.tapStep;
    int64_t classesInRow = std::min(-horizontal.tapStep, w[3]);
    addresses.offsets = {
        (placement.pads[0] + vertical.offset) * image.rowStride +
            (placement.pads[1] + horizontal.offset) * channels,
        (kh * w[3] + kw) * position,
        (rowClass * classesInRow + columnClass) *
            static_cast<int64_t>(alignTo(addresses.columns, addresses.panel)),
        result};
    if (llvm::all_of(addresses.offsets, [](int64_t o) { return o == 0; }))
      addresses.offsets.clear();
  }

  static void packPointwise(Conv2DInputGradientOp op, Packer &packer,
                            PatternRewriter &rewriter) {
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    bool offset = packer.needsOffset(op.getNonnegative());
    int64_t depth = packer.getDepth();
    int64_t channels = alignTo(w[0], depth), steps = channels / depth;
    PackedImage image =
        packer.packImage(op.getOutput(), Placement(), offset, channels,
                         channels, /*interleave=*/1, /*inPlace=*/true);
    int64_t columns = w[1] * w[2] * w[3];
    Addresses addresses = packer.getAddresses(columns);
    int64_t step = addresses.panel * depth;
    addresses.addRow(shapeOf(op.getOutput())[0], image.imageStride);
    addresses.addStep(steps, depth, step);
    addresses.panelStride = steps * step;
    PackedWeights packed =
        packer.packWeights(op.getWeight(), WeightOrder::Pointwise, columns,
                           steps, offset, /*group=*/1);
    rewriter.replaceOp(op, packer.contract(addresses.getAttribute(/*splits=*/1),
                                           image.elements, packed.elements,
                                           packed.start, /*bias=*/Value(),
                                           op.getInput(), op.getMaximum()));
  }

  const cpu::TargetRecord &target;
};

struct PackWeightGradient : OpRewritePattern<Conv2DWeightGradientOp> {
  PackWeightGradient(MLIRContext *context, const cpu::TargetRecord &target)
      : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(Conv2DWeightGradientOp op,
                                PatternRewriter &rewriter) const override {
    if (StringRef obstacle = getObstacle(op); !obstacle.empty())
      return rewriter.notifyMatchFailure(op, obstacle);
    Value errors = op.getOutput();
    ArrayRef<int64_t> x = shapeOf(op.getInput()), e = shapeOf(errors);
    qtrain::WindowAttr window = op.getWindow();
    ArrayRef<int64_t> kernel = window.getKernel();
    int64_t group = op.getGroup();
    int64_t inputs = x[3] / group;
    Packer packer(rewriter, op, "weight_gradient",
                  e[0] * e[1] * e[2] * e[3] * inputs * kernel[0] * kernel[1],
                  target);
    if (supportsDirect(op.getWeight(), group)) {
      separateMaximum(op, packer, rewriter);
      return success();
    }
    std::optional<SumParts> parts = getSumParts(op);
    if (group == 1 && !parts && succeeded(packStored(op, packer, rewriter)))
      return success();
    if (parts ? parts->hasPixelSteps
              : group == 1 && packer.getDepth() > 1 && prefersPixels(op))
      packPixels(op, packer, rewriter);
    else
      packImages(op, packer, rewriter);
    return success();
  }

private:
  /// Adjacent channels of A. Blocks of one cache line are read in sequence;
  /// whole pixels of 2^n bytes would all map to the same few sets of the cache.
  static int64_t getBlock(int64_t channels) {
    return channels % kBlock == 0 ? kBlock : channels;
  }

  /// Without a window, weights are a matrix: with outputs as rows the result
  /// has the order of the weights, and needs no unpacking.
  LogicalResult packStored(Conv2DWeightGradientOp op, Packer &packer,
                           PatternRewriter &rewriter) const {
    Value image = op.getInput(), errors = op.getOutput();
    ArrayRef<int64_t> x = shapeOf(image), e = shapeOf(errors);
    auto isOne = [](int64_t extent) { return extent == 1; };
    if (!llvm::all_of(op.getWindow().getKernel(), isOne) ||
        x.drop_back() != e.drop_back())
      return failure();
    // Errors are signed, so all activations are summed up for the start values.
    // That reads one byte per position, whereas unpacking takes eight bytes per
    // output.
    bool offset = packer.needsOffset(/*nonnegative=*/false);
    if (offset && e[0] * e[1] * e[2] > 8 * e[3])
      return failure();
    int64_t block = getBlock(e[3]), depth = packer.getDepth();
    int64_t columns = x[3], panel = packer.getPanel(columns);
    int64_t groups = divideCeil(x[0], depth), pixels = groups * e[1] * e[2];
    Addresses addresses = packer.getAddresses(columns);
    addresses.panelStride = pixels * panel * depth;
    addresses.addRow(e[3] / block, pixels * block * depth);
    addresses.addRow(block, depth);
    addresses.addStep(pixels, block * depth, panel * depth);
    if (packer.chooseSplits(addresses) > 1)
      return failure();
    PackedImage error = packer.packImage(errors, Placement(), offset, e[3],
                                         block, depth, /*inPlace=*/true);
    PackedImage packed = packer.packImage(image, Placement(), /*offset=*/false,
                                          alignTo(columns, panel), panel, depth,
                                          /*inPlace=*/true);
    rewriter.replaceOp(
        op, packer.contract(addresses.getAttribute(/*splits=*/1),
                            error.elements, packed.elements,
                            offset ? packer.getStart(image) : Value(),
                            /*bias=*/Value(), op.getWeight(), op.getMaximum()));
    return success();
  }

  /// Consecutive elements of a step come from as many images, for any window.
  void packImages(Conv2DWeightGradientOp op, Packer &packer,
                  PatternRewriter &rewriter) const {
    ArrayRef<int64_t> x = shapeOf(op.getInput()), e = shapeOf(op.getOutput());
    qtrain::WindowAttr window = op.getWindow();
    int64_t group = op.getGroup();
    int64_t inputs = x[3] / group, columns = e[3] / group;
    int64_t depth = packer.getDepth();
    Placement placement = getPlacement(window);
    // Operands that need neither padding nor interleaving are not copied.
    bool keepsImage = depth == 1 && placement.isTrivial();
    int64_t block = inputs % kBlock == 0 && !keepsImage ? kBlock : x[3];
    int64_t pixel = block * depth;
    PackedImage image = packer.packImage(
        op.getInput(), placement, packer.needsOffset(op.getNonnegative()), x[3],
        block, depth, /*inPlace=*/keepsImage);
    // The lanes after the last column of a group are not stored, so they may
    // read the next group; those after the last group need slack.
    int64_t panel = packer.getPanel(columns);
    bool keepsErrors =
        depth == 1 && columns % target.getLanes() == 0 &&
        inputs * window.getKernel()[0] * window.getKernel()[1] < kMinPanelRows;
    bool hasPanels = !keepsErrors && (group == 1 || columns % panel == 0);
    int64_t errorBlock = hasPanels ? panel : e[3];
    PackedImage error = packer.packImage(
        op.getOutput(), Placement(), /*offset=*/false,
        hasPanels ? group * alignTo(columns, panel) : e[3], errorBlock, depth,
        /*inPlace=*/keepsErrors);
    Addresses addresses = packer.getAddresses(columns);
    int64_t batches = divideCeil(x[0], depth);
    int64_t blockStride = batches * image.imageStride;
    addresses.addRow(window.getKernel()[0],
                     window.getDilations()[0] * image.rowStride);
    addresses.addRow(window.getKernel()[1], window.getDilations()[1] * pixel);
    addresses.addRow(divideCeil(inputs, block), blockStride);
    addresses.addRow(std::min(inputs, block), depth);
    addresses.addStep(batches, image.imageStride, error.imageStride);
    addresses.addStep(e[1], window.getStrides()[0] * image.rowStride,
                      error.rowStride);
    addresses.addStep(e[2], window.getStrides()[1] * pixel, errorBlock * depth);
    addresses.panelStride =
        hasPanels ? batches * error.imageStride : panel * depth;
    addresses.setGroups(
        group,
        {block <= inputs ? inputs / block * blockStride : inputs * depth,
         hasPanels ? columns / panel * addresses.panelStride : columns * depth,
         columns});
    finish(op, packer, rewriter, addresses, image.elements, error.elements);
  }

  /// Whether four pixels of a row interleave instead of four images: a quarter
  /// of the work must be saved.
  static bool prefersPixels(Conv2DWeightGradientOp op) {
    int64_t batch = shapeOf(op.getOutput())[0];
    return supportsPixelSteps(op) &&
           int64_t(divideCeil(batch, 4)) * 16 >= 5 * batch;
  }

  /// Four consecutive bytes of the reduction come from four pixels, so that
  /// small batches are not filled up with zeros. Channels are planes.
  void packPixels(Conv2DWeightGradientOp op, Packer &packer,
                  PatternRewriter &rewriter) const {
    ArrayRef<int64_t> x = shapeOf(op.getInput()), e = shapeOf(op.getOutput());
    qtrain::WindowAttr window = op.getWindow();
    PackedImage image = packer.packImage(
        op.getInput(), getPlacement(window),
        packer.needsOffset(op.getNonnegative()), x[3], /*block=*/1,
        /*interleave=*/1, /*inPlace=*/false);
    int64_t panel = packer.getPanel(e[3]), quads = e[2] / 4;
    Value pixels = packer.flattenPixels(op.getOutput());
    PackedImage error = packer.packImage(pixels, Placement(), /*offset=*/false,
                                         alignTo(e[3], panel), panel,
                                         /*interleave=*/4, /*inPlace=*/false);
    Addresses addresses = packer.getAddresses(e[3]);
    addresses.panelStride = e[0] * e[1] * quads * error.imageStride;
    addresses.addRow(window.getKernel()[0],
                     window.getDilations()[0] * image.rowStride);
    addresses.addRow(window.getKernel()[1], window.getDilations()[1]);
    addresses.addRow(x[3], x[0] * image.imageStride);
    if (e[0] > 1)
      addresses.addStep(e[0], image.imageStride,
                        e[1] * quads * error.imageStride);
    addresses.addStep(e[1], window.getStrides()[0] * image.rowStride,
                      quads * error.imageStride);
    addresses.addStep(quads, 4, error.imageStride);
    finish(op, packer, rewriter, addresses, image.elements, error.elements);
  }

  static Placement getPlacement(qtrain::WindowAttr window) {
    Placement placement;
    llvm::copy(window.getPads(), placement.pads.begin());
    return placement;
  }

  /// Rows are weights of one output, in the order [KH, KW, I].
  void finish(Conv2DWeightGradientOp op, Packer &packer,
              PatternRewriter &rewriter, const Addresses &addresses, Value a,
              Value b) const {
    Value errors = op.getOutput();
    ArrayRef<int64_t> w = shapeOf(op.getWeight());
    bool offset = packer.needsOffset(op.getNonnegative());
    std::optional<SumParts> parts = getSumParts(op);
    int64_t splits = parts ? packer.chooseSplits(addresses, parts->maxProducts)
                           : packer.chooseSplits(addresses);
    Value sums = packer.emptySums({splits, w[2], w[3], w[1], w[0]});
    // In parts, the offset is taken out of the sum of all.
    Value start = offset && !parts ? packer.getStart(errors) : Value();
    ContractOp contract = packer.contract(addresses.getAttribute(splits), a, b,
                                          start, /*bias=*/Value(), sums,
                                          /*maximum=*/Value());
    Value errorSums =
        offset && parts ? packer.sumChannels(errors, /*factor=*/1) : Value();
    rewriter.replaceOp(op,
                       packer.unpackWeights(contract->getResult(0), errorSums,
                                            op.getWeight(), op.getMaximum(),
                                            /*saturate=*/parts.has_value()));
  }

  /// Sums of a direct weight gradient are complete when all tasks are done, so
  /// their maximum takes a kernel of its own.
  static void separateMaximum(Conv2DWeightGradientOp op, Packer &packer,
                              PatternRewriter &rewriter) {
    auto gradient = rewriter.create<Conv2DWeightGradientOp>(
        op.getLoc(), op.getInput(), op.getOutput(), op.getWeight(),
        op.getWindow(), op.getGroup(), op.getNonnegative());
    packer.markDirect(gradient);
    SmallVector<Value> results = {gradient->getResult(0)};
    if (op.getMaximum())
      results.push_back(rewriter
                            .create<MaxAbsOp>(op.getLoc(), results.front(),
                                              /*mask=*/Value(), op.getMaximum())
                            ->getResult(0));
    rewriter.replaceOp(op, results);
  }

  const cpu::TargetRecord &target;
};

class PackContractions
    : public qtc::impl::PackContractionsBase<PackContractions> {
public:
  using PackContractionsBase::PackContractionsBase;

  void runOnOperation() override {
    const cpu::TargetRecord *target = cpu::lookupTargetRecord(isa);
    if (!target) {
      getOperation()->emitError() << "unknown instruction set '" << isa << "'";
      return signalPassFailure();
    }
    for (auto populate :
         {populateMergeGroupsPatterns, populatePackContractionsPatterns}) {
      RewritePatternSet patterns(&getContext());
      populate(patterns, *target);
      if (failed(rewriteMatching(getOperation(), std::move(patterns))))
        return signalPassFailure();
    }
  }
};
} // namespace

void qtc::populatePackContractionsPatterns(RewritePatternSet &patterns,
                                           const cpu::TargetRecord &target) {
  patterns.add<PackForward, PackInputGradient, PackWeightGradient>(
      patterns.getContext(), target);
}
