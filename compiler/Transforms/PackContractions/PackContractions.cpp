//===- PackContractions.cpp - Convolutions to contractions ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Transforms/PackContractions/PackContractions.h"

#include "compiler/Target/CPU/ContractionSchedule.h"
#include "dialect/QKernel/IR/QKernel.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
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

/// Bytes behind packed activations. A run is read up to the next multiple of
/// four; a vector is at most this long.
static constexpr int64_t kSlack = 64;

/// Cycles to read a partial sum and add it.
static constexpr double kPartialSumCycles = 2;

/// Channels of four interleaved images that fill a cache line.
static constexpr int64_t kBlock = 16;

/// Channels that a linear layer may pad to a multiple of four: the dot products
/// become at most 1/8 more.
static constexpr int64_t kMinPadded = 17;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

namespace {
/// How a contraction addresses A and B while it is put together.
struct Addresses {
  void addRow(int64_t extent, int64_t stride) {
    rows.push_back(extent);
    rowStrides.push_back(stride);
  }
  void addStep(int64_t extent, int64_t aStride, int64_t bStride) {
    steps.push_back(extent);
    aStrides.push_back(aStride);
    bStrides.push_back(bStride);
  }
  int64_t getStepCount() const {
    int64_t count = 1;
    for (int64_t extent : steps)
      count *= extent;
    return count;
  }

  SmallVector<int64_t> rows, rowStrides, steps, aStrides, bStrides;
};

/// An image that pack_activation made, or one that needs no packing.
struct PackedImage {
  Value bytes;
  int64_t channels;
  int64_t rowStride, imageStride;
};

/// Packed weights and, for operands with an offset, start values.
struct PackedWeights {
  Value bytes;
  Value start;
};

/// Where an image goes around its original.
struct Placement {
  std::array<int64_t, 4> pads = {0, 0, 0, 0};
  std::array<int64_t, 2> dilation = {1, 1};
  bool isTrivial() const {
    return llvm::all_of(pads, [](int64_t pad) { return pad == 0; }) &&
           dilation[0] == 1 && dilation[1] == 1;
  }
};

/// Builds the operations that replace one convolution.
class Packer {
public:
  Packer(PatternRewriter &rewriter, Operation *op, StringRef kind, int64_t macs,
         const cpu::TargetRecord &target)
      : rewriter(rewriter), loc(op->getLoc()), target(target), kind(kind),
        macs(macs) {}

  int64_t getPanel(int64_t columns) const {
    return target.getPanelVectors(columns) * target.getLanes();
  }

  Value empty(ArrayRef<int64_t> shape, unsigned bits) {
    return rewriter.create<tensor::EmptyOp>(loc, shape,
                                            rewriter.getIntegerType(bits));
  }

  /// An image with all of its bytes in channels-last order; `runLength`s of it
  /// are read at a time, so without packing these must be whole.
  PackedImage packImage(Value image, const Placement &placement,
                        int64_t channels, bool offset, int64_t runLength);
  /// Blocks of channels, in each of which `interleave` images interleave.
  PackedImage packBlocks(Value image, const Placement &placement, bool offset,
                         int64_t channels, int64_t block,
                         int64_t interleave = 4);
  PackedWeights packWeights(Value weights, WeightOrder order, int64_t columns,
                            int64_t steps, bool needsStart);
  ContractOp contract(const Addresses &addresses, Value a, Value b, Value start,
                      Value bias, ValueRange outs, int64_t columns,
                      int64_t panel, int64_t panelStride, int64_t splits);
  /// The number of partial sums that is cheapest; it divides the first step
  /// dimension.
  int64_t chooseSplits(const Addresses &addresses, int64_t columns,
                       int64_t panel) const;
  /// An image as a batch of its pixels.
  Value flattenPixels(Value image);
  /// Weight gradients in the order of weights, and their maximum.
  Operation *unpackWeights(Value sums, ValueRange outs);
  /// −128 · the sum over all positions of `image`, the start values where it is
  /// B and A has an offset.
  Value getStart(Value image);

private:
  void setKind(Operation *op, StringRef name, int64_t count) {
    op->setAttr(QKernelDialect::kKindAttrName, rewriter.getStringAttr(name));
    op->setAttr(QKernelDialect::kMacsAttrName,
                rewriter.getI64IntegerAttr(count));
  }

  PatternRewriter &rewriter;
  Location loc;
  const cpu::TargetRecord &target;
  StringRef kind;
  int64_t macs;
};
} // namespace

static int64_t getPlacedExtent(const Placement &placement, unsigned dim,
                               int64_t extent) {
  return (extent - 1) * placement.dilation[dim] + 1 + placement.pads[dim] +
         placement.pads[dim + 2];
}

static Value createPackActivation(PatternRewriter &rewriter, Location loc,
                                  Value image, Value destination,
                                  const Placement &placement, int64_t channels,
                                  int64_t block, int64_t interleave,
                                  bool offset) {
  return createKernel<PackActivationOp>(rewriter, loc, image, destination,
                                        ArrayRef<int64_t>(placement.pads),
                                        ArrayRef<int64_t>(placement.dilation),
                                        channels, block, interleave, offset)
      ->getResult(0);
}

PackedImage Packer::packImage(Value image, const Placement &placement,
                              int64_t channels, bool offset,
                              int64_t runLength) {
  ArrayRef<int64_t> shape = shapeOf(image);
  int64_t height = getPlacedExtent(placement, 0, shape[1]);
  int64_t width = getPlacedExtent(placement, 1, shape[2]);
  PackedImage result{nullptr, channels, width * channels,
                     height * width * channels};
  if (placement.isTrivial() && channels == shape[3] && !offset &&
      runLength % 4 == 0) {
    result.bytes = rewriter.create<tensor::CollapseShapeOp>(
        loc, image, ArrayRef<ReassociationIndices>{{0, 1, 2, 3}});
    return result;
  }
  Value destination = empty({shape[0] * result.imageStride + kSlack}, 8);
  result.bytes = createPackActivation(rewriter, loc, image, destination,
                                      placement, channels, channels,
                                      /*interleave=*/1, offset);
  setKind(result.bytes.getDefiningOp(), "pack", 0);
  return result;
}

PackedImage Packer::packBlocks(Value image, const Placement &placement,
                               bool offset, int64_t channels, int64_t block,
                               int64_t interleave) {
  ArrayRef<int64_t> shape = shapeOf(image);
  int64_t height = getPlacedExtent(placement, 0, shape[1]);
  int64_t width = getPlacedExtent(placement, 1, shape[2]);
  int64_t pixel = block * interleave;
  PackedImage result{nullptr, channels, width * pixel, height * width * pixel};
  int64_t bytes =
      alignTo(shape[0], interleave) * height * width * channels + kSlack;
  result.bytes =
      createPackActivation(rewriter, loc, image, empty({bytes}, 8), placement,
                           channels, block, interleave, offset);
  setKind(result.bytes.getDefiningOp(), "pack", 0);
  return result;
}

PackedWeights Packer::packWeights(Value weights, WeightOrder order,
                                  int64_t columns, int64_t steps,
                                  bool needsStart) {
  int64_t panel = getPanel(columns);
  int64_t padded = alignTo(columns, panel);
  SmallVector<Value, 2> outs = {empty({padded * steps * 4}, 8)};
  if (needsStart)
    outs.push_back(empty({padded}, 32));
  auto op = createKernel<PackWeightOp>(rewriter, loc, weights, outs, order,
                                       static_cast<uint64_t>(panel));
  setKind(op, "pack", 0);
  return {op->getResult(0), needsStart ? op->getResult(1) : Value()};
}

Value Packer::getStart(Value image) {
  Value sums = empty({shapeOf(image).back()}, 32);
  return createKernel<ChannelSumOp>(rewriter, loc, image, sums,
                                    static_cast<uint64_t>(-128),
                                    /*saturate=*/false)
      ->getResult(0);
}

Value Packer::flattenPixels(Value image) {
  ArrayRef<int64_t> shape = shapeOf(image);
  Value rows = rewriter.create<tensor::CollapseShapeOp>(
      loc, image, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
  auto type =
      RankedTensorType::get({shape[0] * shape[1] * shape[2], 1, 1, shape[3]},
                            cast<ShapedType>(image.getType()).getElementType());
  return rewriter.create<tensor::ExpandShapeOp>(
      loc, type, rows, ArrayRef<ReassociationIndices>{{0, 1, 2}, {3}});
}

Operation *Packer::unpackWeights(Value sums, ValueRange outs) {
  auto op = createKernel<UnpackWeightOp>(rewriter, loc, sums, outs);
  setKind(op, "pack", 0);
  return op;
}

int64_t Packer::chooseSplits(const Addresses &addresses, int64_t columns,
                             int64_t panel) const {
  double best = 0;
  int64_t splits = 1, first = addresses.steps.front();
  for (int64_t candidate = 1; candidate <= first; ++candidate) {
    if (first % candidate != 0)
      continue;
    cpu::ContractionGeometry geometry(
        addresses.rows, addresses.rowStrides, addresses.steps,
        addresses.aStrides, addresses.bStrides, columns, panel, candidate);
    double cycles = cpu::chooseSchedule(target, geometry).cycles;
    // Partial sums are read again, from beyond the cache.
    cycles += kPartialSumCycles * candidate * geometry.getRowCount() * columns;
    if (candidate == 1 || cycles < best) {
      best = cycles;
      splits = candidate;
    }
  }
  return splits;
}

ContractOp Packer::contract(const Addresses &addresses, Value a, Value b,
                            Value start, Value bias, ValueRange outs,
                            int64_t columns, int64_t panel, int64_t panelStride,
                            int64_t splits) {
  SmallVector<Value, 4> ins = {a, b};
  if (start)
    ins.push_back(start);
  if (bias)
    ins.push_back(bias);
  auto attribute = ContractionAttr::get(rewriter.getContext(), addresses.rows,
                                        addresses.rowStrides, addresses.steps,
                                        addresses.aStrides, addresses.bStrides,
                                        columns, panel, panelStride, splits);
  auto op = createKernel<ContractOp>(rewriter, loc, ins, outs, attribute,
                                     start != nullptr, bias != nullptr);
  setKind(op, kind, macs);
  return op;
}

/// Why a convolution keeps its form, or an empty string.
template <typename OpTy> static StringRef getObstacle(OpTy op) {
  if (op->getNumResults() == 0)
    return "expected tensors";
  if (op.getGroup() != 1)
    return "grouped convolutions are not packed";
  if (op.getSaturate())
    return "accumulators of 32 bits would overflow";
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
    Value input = op.getIns()[0], weights = op.getIns()[1];
    ArrayRef<int64_t> x = shapeOf(input), w = shapeOf(weights);
    ArrayRef<int64_t> y = shapeOf(op.getOuts()[0]);
    qtrain::WindowAttr window = op.getWindow();
    ArrayRef<int64_t> kernel = window.getKernel();
    ArrayRef<int64_t> dilations = window.getDilations();

    Placement placement;
    llvm::copy(window.getPads(), placement.pads.begin());
    WeightOrder order = getOrder(window, x, placement);
    bool padsRun = order == WeightOrder::Forward;
    int64_t channels = padsRun ? alignTo(x[3], 4) : x[3];
    int64_t run = channels;
    if (order == WeightOrder::ForwardMerged)
      run *= kernel[1];
    if (order == WeightOrder::ForwardImage)
      run *= kernel[0] * kernel[1];
    Packer packer(rewriter, op, "conv2d",
                  y[0] * y[1] * y[2] * y[3] * w[1] * w[2] * w[3], target);
    bool offset = !op.getNonnegative();
    PackedImage image =
        packer.packImage(input, placement, channels, offset, run);

    int64_t panel = packer.getPanel(w[0]), runSteps = divideCeil(run, 4);
    Addresses addresses;
    addresses.addRow(y[0], image.imageStride);
    addresses.addRow(y[1], window.getStrides()[0] * image.rowStride);
    addresses.addRow(y[2], window.getStrides()[1] * channels);
    int64_t columnSteps = padsRun ? kernel[1] : 1;
    if (order != WeightOrder::ForwardImage)
      addresses.addStep(kernel[0], dilations[0] * image.rowStride,
                        columnSteps * runSteps * panel * 4);
    if (padsRun)
      addresses.addStep(kernel[1], dilations[1] * channels,
                        runSteps * panel * 4);
    addresses.addStep(runSteps, 4, panel * 4);
    int64_t steps = addresses.getStepCount();
    PackedWeights packed =
        packer.packWeights(weights, order, w[0], steps, offset);
    Value bias = op.getIns().size() > 2 ? op.getIns()[2] : Value();
    ContractOp contract = packer.contract(
        addresses, image.bytes, packed.bytes, packed.start, bias, op.getOuts(),
        w[0], panel, steps * panel * 4, /*splits=*/1);
    rewriter.replaceOp(op, contract);
    return success();
  }

private:
  static WeightOrder getOrder(qtrain::WindowAttr window, ArrayRef<int64_t> x,
                              const Placement &placement) {
    ArrayRef<int64_t> kernel = window.getKernel();
    if (kernel[1] > 1 && window.getDilations()[1] != 1)
      return WeightOrder::Forward;
    bool wholeRows = kernel[1] == getPlacedExtent(placement, 1, x[2]);
    // Weights of a linear layer are packed a vector at a time where channels
    // are whole groups of four; there are more weights than activations to pad.
    bool isLinear =
        wholeRows && kernel[0] == getPlacedExtent(placement, 0, x[1]);
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
    Value errors = op.getIns()[0];
    ArrayRef<int64_t> e = shapeOf(errors), w = shapeOf(op.getIns()[1]);
    ArrayRef<int64_t> x = shapeOf(op.getOuts()[0]);
    qtrain::WindowAttr window = op.getWindow();
    Packer packer(rewriter, op, "input_gradient",
                  e[0] * e[1] * e[2] * e[3] * w[1] * w[2] * w[3], target);
    if (isWholeImage(window, e, x))
      return packPointwise(op, packer, rewriter);

    Placement placement;
    for (unsigned dim : {0, 1}) {
      int64_t reach = window.getSpan(dim) - 1;
      int64_t stride = window.getStrides()[dim];
      int64_t before = reach - window.getPads()[dim];
      int64_t after =
          x[dim + 1] + reach - before - (e[dim + 1] - 1) * stride - 1;
      if (before < 0 || after < 0)
        return rewriter.notifyMatchFailure(
            op, "padding exceeds the kernel, errors would be cropped");
      placement.pads[dim] = before;
      placement.pads[dim + 2] = after;
      placement.dilation[dim] = stride;
    }
    bool offset = !op.getNonnegative();
    int64_t channels = alignTo(w[0], 4), runSteps = channels / 4;
    PackedImage image =
        packer.packImage(errors, placement, channels, offset, channels);
    int64_t columns = w[1], panel = packer.getPanel(columns);
    Addresses addresses;
    addresses.addRow(x[0], image.imageStride);
    addresses.addRow(x[1], image.rowStride);
    addresses.addRow(x[2], channels);
    ArrayRef<int64_t> dilations = window.getDilations();
    addresses.addStep(w[2], dilations[0] * image.rowStride,
                      w[3] * runSteps * panel * 4);
    addresses.addStep(w[3], dilations[1] * channels, runSteps * panel * 4);
    addresses.addStep(runSteps, 4, panel * 4);
    finish(op, packer, rewriter, addresses, image.bytes, WeightOrder::Flipped,
           columns, offset);
    return success();
  }

private:
  /// A linear layer: one output position, which sees the whole image.
  static bool isWholeImage(qtrain::WindowAttr window, ArrayRef<int64_t> e,
                           ArrayRef<int64_t> x) {
    return e[1] == 1 && e[2] == 1 && window.getKernel() == x.slice(1, 2) &&
           llvm::all_of(window.getDilations(),
                        [](int64_t d) { return d == 1; }) &&
           llvm::all_of(window.getPads(), [](int64_t p) { return p == 0; });
  }

  LogicalResult packPointwise(Conv2DInputGradientOp op, Packer &packer,
                              PatternRewriter &rewriter) const {
    ArrayRef<int64_t> w = shapeOf(op.getIns()[1]);
    bool offset = !op.getNonnegative();
    int64_t channels = alignTo(w[0], 4);
    PackedImage image = packer.packImage(op.getIns()[0], Placement(), channels,
                                         offset, channels);
    int64_t columns = w[1] * w[2] * w[3];
    Addresses addresses;
    addresses.addRow(shapeOf(op.getIns()[0])[0], image.imageStride);
    addresses.addStep(channels / 4, 4, packer.getPanel(columns) * 4);
    finish(op, packer, rewriter, addresses, image.bytes, WeightOrder::Pointwise,
           columns, offset);
    return success();
  }

  void finish(Conv2DInputGradientOp op, Packer &packer,
              PatternRewriter &rewriter, const Addresses &addresses,
              Value bytes, WeightOrder order, int64_t columns,
              bool offset) const {
    int64_t steps = addresses.getStepCount(), panel = packer.getPanel(columns);
    PackedWeights packed =
        packer.packWeights(op.getIns()[1], order, columns, steps, offset);
    ContractOp contract = packer.contract(
        addresses, bytes, packed.bytes, packed.start, /*bias=*/Value(),
        op.getOuts(), columns, panel, steps * panel * 4, /*splits=*/1);
    rewriter.replaceOp(op, contract);
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
    Value errors = op.getIns()[1];
    ArrayRef<int64_t> x = shapeOf(op.getIns()[0]), e = shapeOf(errors);
    qtrain::WindowAttr window = op.getWindow();
    ArrayRef<int64_t> kernel = window.getKernel();
    Packer packer(rewriter, op, "weight_gradient",
                  e[0] * e[1] * e[2] * e[3] * x[3] * kernel[0] * kernel[1],
                  target);
    if (succeeded(packStored(op, packer, rewriter)))
      return success();
    if (prefersPixels(window, e))
      packPixels(op, packer, rewriter);
    else
      packImages(op, packer, rewriter);
    return success();
  }

private:
  /// Channels of A that lie together. Blocks of one cache line are read in
  /// sequence; whole pixels of 2^n bytes would all fall into the same few sets
  /// of the cache.
  static int64_t getBlock(int64_t channels) {
    return channels % kBlock == 0 ? kBlock : channels;
  }

  /// Without a window, weights are a matrix: with outputs as rows the result
  /// has the order of the weights, and needs no unpacking.
  LogicalResult packStored(Conv2DWeightGradientOp op, Packer &packer,
                           PatternRewriter &rewriter) const {
    Value image = op.getIns()[0], errors = op.getIns()[1];
    ArrayRef<int64_t> x = shapeOf(image), e = shapeOf(errors);
    auto isOne = [](int64_t extent) { return extent == 1; };
    if (!llvm::all_of(op.getWindow().getKernel(), isOne) ||
        x.drop_back() != e.drop_back())
      return failure();
    // Errors are signed, so all activations are summed up for the start values:
    // one byte a position, where unpacking costs eight bytes an output.
    if (e[0] * e[1] * e[2] > 8 * e[3])
      return failure();
    int64_t block = getBlock(e[3]);
    int64_t columns = x[3], panel = packer.getPanel(columns);
    int64_t groups = divideCeil(x[0], 4), pixels = groups * e[1] * e[2];
    Addresses addresses;
    addresses.addRow(e[3] / block, pixels * block * 4);
    addresses.addRow(block, 4);
    addresses.addStep(pixels, block * 4, panel * 4);
    if (packer.chooseSplits(addresses, columns, panel) > 1)
      return failure();
    PackedImage error = packer.packBlocks(errors, Placement(),
                                          /*offset=*/true, e[3], block);
    PackedImage packed = packer.packBlocks(image, Placement(), /*offset=*/false,
                                           alignTo(columns, panel), panel);
    rewriter.replaceOp(op, packer.contract(addresses, error.bytes, packed.bytes,
                                           packer.getStart(image),
                                           /*bias=*/Value(), op.getOuts(),
                                           columns, panel, pixels * panel * 4,
                                           /*splits=*/1));
    return success();
  }

  /// Four consecutive bytes of the reduction are those of four images, whatever
  /// the window.
  void packImages(Conv2DWeightGradientOp op, Packer &packer,
                  PatternRewriter &rewriter) const {
    ArrayRef<int64_t> x = shapeOf(op.getIns()[0]), e = shapeOf(op.getIns()[1]);
    qtrain::WindowAttr window = op.getWindow();
    int64_t block = getBlock(x[3]), pixel = block * 4;
    PackedImage image = packer.packBlocks(op.getIns()[0], getPlacement(window),
                                          !op.getNonnegative(), x[3], block);
    int64_t panel = packer.getPanel(e[3]);
    PackedImage error =
        packer.packBlocks(op.getIns()[1], Placement(), /*offset=*/false,
                          alignTo(e[3], panel), panel);
    Addresses addresses;
    int64_t groups = divideCeil(x[0], 4);
    addresses.addRow(window.getKernel()[0],
                     window.getDilations()[0] * image.rowStride);
    addresses.addRow(window.getKernel()[1], window.getDilations()[1] * pixel);
    addresses.addRow(x[3] / block, groups * image.imageStride);
    addresses.addRow(block, 4);
    addresses.addStep(groups, image.imageStride, error.imageStride);
    addresses.addStep(e[1], window.getStrides()[0] * image.rowStride,
                      error.rowStride);
    addresses.addStep(e[2], window.getStrides()[1] * pixel, panel * 4);
    finish(op, packer, rewriter, addresses, image.bytes, error.bytes,
           groups * error.imageStride);
  }

  /// Whether four pixels of a row interleave instead of four images: these must
  /// be neighbours in the image, and a quarter of the work must be saved.
  static bool prefersPixels(qtrain::WindowAttr window, ArrayRef<int64_t> e) {
    return window.getStrides()[1] == 1 && e[2] % 4 == 0 &&
           int64_t(divideCeil(e[0], 4)) * 16 >= 5 * e[0];
  }

  /// Four consecutive bytes of the reduction are those of four pixels, so that
  /// small batches are not filled up with zeros. Channels are planes.
  void packPixels(Conv2DWeightGradientOp op, Packer &packer,
                  PatternRewriter &rewriter) const {
    ArrayRef<int64_t> x = shapeOf(op.getIns()[0]), e = shapeOf(op.getIns()[1]);
    qtrain::WindowAttr window = op.getWindow();
    PackedImage image = packer.packBlocks(op.getIns()[0], getPlacement(window),
                                          !op.getNonnegative(), x[3],
                                          /*block=*/1, /*interleave=*/1);
    int64_t panel = packer.getPanel(e[3]), quads = e[2] / 4;
    Value pixels = packer.flattenPixels(op.getIns()[1]);
    PackedImage error = packer.packBlocks(pixels, Placement(), /*offset=*/false,
                                          alignTo(e[3], panel), panel);
    Addresses addresses;
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
    finish(op, packer, rewriter, addresses, image.bytes, error.bytes,
           e[0] * e[1] * quads * error.imageStride);
  }

  static Placement getPlacement(qtrain::WindowAttr window) {
    Placement placement;
    llvm::copy(window.getPads(), placement.pads.begin());
    return placement;
  }

  /// Rows are weights of one output, in the order [KH, KW, I].
  void finish(Conv2DWeightGradientOp op, Packer &packer,
              PatternRewriter &rewriter, const Addresses &addresses, Value a,
              Value b, int64_t panelStride) const {
    Value errors = op.getIns()[1];
    int64_t inputs = shapeOf(op.getIns()[0])[3];
    int64_t columns = shapeOf(errors)[3], panel = packer.getPanel(columns);
    ArrayRef<int64_t> kernel = op.getWindow().getKernel();
    int64_t splits = packer.chooseSplits(addresses, columns, panel);
    Value sums =
        packer.empty({splits, kernel[0], kernel[1], inputs, columns}, 32);
    ContractOp contract = packer.contract(
        addresses, a, b,
        op.getNonnegative() ? Value() : packer.getStart(errors),
        /*bias=*/Value(), sums, columns, panel, panelStride, splits);
    rewriter.replaceOp(
        op, packer.unpackWeights(contract->getResult(0), op.getOuts()));
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
    RewritePatternSet patterns(&getContext());
    populatePackContractionsPatterns(patterns, *target);
    if (failed(
            applyPatternsAndFoldGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

void qtc::populatePackContractionsPatterns(RewritePatternSet &patterns,
                                           const cpu::TargetRecord &target) {
  patterns.add<PackForward, PackInputGradient, PackWeightGradient>(
      patterns.getContext(), target);
}
