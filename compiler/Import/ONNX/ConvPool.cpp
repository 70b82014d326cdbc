//===- ConvPool.cpp - Convolutions and pools ------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/ONNX/Handlers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace qtc;
using namespace qtc::onnx_import;

/// Larger kernels and strides are rejected, so that products of two fit.
static constexpr int64_t kMaxExtent = int64_t(1) << 20;
/// Larger pads and dilations are rejected, so that loops over them are short.
static constexpr int64_t kMaxPad = int64_t(1) << 12;

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

namespace {
/// The attributes that convolutions and pools share, one entry per spatial
/// dimension; two for `pads`, all starts before all ends.
struct WindowAttributes {
  Shape kernel, strides, pads, dilations;
  std::string autoPad = "NOTSET";
  int64_t ceilMode = 0;

  LogicalResult read(NodeContext &node, size_t rank);
  LogicalResult check(NodeContext &node, size_t rank) const;
  /// Rank 1 to rank 2: a first dimension of extent 1.
  void lift();
};

/// A window and the extents it gives.
struct Geometry {
  qtrain::WindowAttr window;
  Shape extents;
};
} // namespace

/// Refuses `values` unless they are `count` numbers of at least `least`.
static LogicalResult checkNumbers(NodeContext &node, StringRef name,
                                  ArrayRef<int64_t> values, size_t count,
                                  int64_t least, int64_t most) {
  if (values.size() != count)
    return node.refuse() << "expected " << count << " numbers in attribute '"
                         << name << "', but got " << values.size();
  for (int64_t value : values)
    if (value < least || value > most)
      return node.refuse() << "expected numbers from " << least << " to "
                           << most << " in attribute '" << name << "', but got "
                           << value;
  return success();
}

LogicalResult WindowAttributes::read(NodeContext &node, size_t rank) {
  if (failed(node.read("kernel_shape", kernel)) ||
      failed(node.read("strides", strides)) ||
      failed(node.read("pads", pads)) ||
      failed(node.read("dilations", dilations)) ||
      failed(node.read("auto_pad", autoPad)))
    return failure();
  if (strides.empty())
    strides.assign(rank, 1);
  if (dilations.empty())
    dilations.assign(rank, 1);
  if (autoPad.empty())
    autoPad = "NOTSET";
  if (autoPad != "NOTSET" &&
      llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    return node.refuse() << "attributes 'pads' and 'auto_pad' contradict each "
                            "other";
  if (pads.empty() || autoPad != "NOTSET")
    pads.assign(2 * rank, 0);
  return success();
}

LogicalResult WindowAttributes::check(NodeContext &node, size_t rank) const {
  if (failed(checkNumbers(node, "kernel_shape", kernel, rank, 1, kMaxExtent)) ||
      failed(checkNumbers(node, "strides", strides, rank, 1, kMaxExtent)) ||
      failed(checkNumbers(node, "dilations", dilations, rank, 1, kMaxPad)) ||
      failed(checkNumbers(node, "pads", pads, 2 * rank, 0, kMaxPad)))
    return failure();
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" &&
      autoPad != "SAME_LOWER")
    return node.refuse() << "attribute 'auto_pad' has no value "
                         << quote(autoPad);
  if (ceilMode != 0 && ceilMode != 1)
    return node.refuse() << "expected 0 or 1 for attribute 'ceil_mode', but "
                            "got "
                         << ceilMode;
  return success();
}

void WindowAttributes::lift() {
  if (kernel.size() != 1)
    return;
  kernel.insert(kernel.begin(), 1);
  strides.insert(strides.begin(), 1);
  dilations.insert(dilations.begin(), 1);
  pads = {0, pads[0], 0, pads[1]};
}

/// Extent of the result along one dimension; may set pads for SAME.
static int64_t computeExtent(WindowAttributes &attributes, unsigned dim,
                             int64_t extent) {
  int64_t stride = attributes.strides[dim];
  int64_t span = (attributes.kernel[dim] - 1) * attributes.dilations[dim] + 1;
  int64_t &before = attributes.pads[dim], &after = attributes.pads[dim + 2];
  if (StringRef(attributes.autoPad).starts_with("SAME")) {
    int64_t result = llvm::divideCeil(extent, stride);
    int64_t total = std::max<int64_t>(0, (result - 1) * stride + span - extent);
    before = attributes.autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
    after = total - before;
    return result;
  }
  int64_t room = extent + before + after - span;
  if (room < 0)
    return 0;
  // Without padding, all windows end inside the input even when rounding up.
  if (!attributes.ceilMode || attributes.autoPad == "VALID")
    return room / stride + 1;
  int64_t result = llvm::divideCeil(room, stride) + 1;
  // A window starts inside of the input or the padding before it.
  if ((result - 1) * stride >= extent + before)
    --result;
  return result;
}

/// `input` holds the two spatial extents.
static FailureOr<Geometry> computeGeometry(NodeContext &node,
                                           WindowAttributes attributes,
                                           ArrayRef<int64_t> input) {
  Geometry geometry;
  for (unsigned dim : {0u, 1u})
    geometry.extents.push_back(computeExtent(attributes, dim, input[dim]));
  for (unsigned dim : {0u, 1u})
    if (geometry.extents[dim] < 1)
      return node.refuse() << "a kernel of " << formatShape(attributes.kernel)
                           << " does not fit into an input of "
                           << formatShape(input);
  geometry.window = qtrain::WindowAttr::get(
      node.getBuilder().getContext(), attributes.kernel, attributes.strides,
      attributes.pads, attributes.dilations);
  return geometry;
}

/// The input, of rank 4 or 3, as an activation of rank 4; [N, C, L] becomes [N,
/// C, 1, L].
static FailureOr<Value> getImages(NodeContext &node) {
  FailureOr<Value> input = node.getActivation(0);
  if (failed(input))
    return failure();
  Shape shape = node.getInput(0).getShape();
  if (shape.size() == 3) {
    shape.insert(shape.begin() + 2, 1);
    return node.reshape(*input, shape);
  }
  if (shape.size() == 5)
    return node.refuse() << "three spatial dimensions are not supported";
  if (shape.size() != 4)
    return node.refuse() << "expected an input of shape N, C, H, W, but got "
                         << formatShape(shape);
  return input;
}

/// Gives the result the rank of the input.
static LogicalResult setImages(NodeContext &node, Value value) {
  Shape shape(qtrain::getShape(value));
  if (node.getInput(0).getShape().size() == 3)
    shape.erase(shape.begin() + 2);
  return node.setActivation(node.reshape(value, shape));
}

static size_t getSpatialRank(NodeContext &node) {
  return node.getInput(0).getShape().size() - 2;
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

Value qtc::onnx_import::getLayerResult(Value value) {
  auto reshape = value.getDefiningOp<qtrain::ReshapeOp>();
  if (!reshape)
    return value;
  Operation *layer = reshape.getInput().getDefiningOp();
  bool isOfLayer = isa_and_nonnull<qtrain::LayerOpInterface>(layer) &&
                   layer->getLoc() == reshape.getLoc();
  return isOfLayer ? reshape.getInput() : value;
}

/// The weight of the layer that gives `value`, perhaps through a few biases and
/// changes of shape; null if no layer does.
static Value findLayerWeight(Value value) {
  // Every bias searches for its layer; this bounds the search in a long chain.
  constexpr int kMaxDistance = 8;
  Operation *op = value.getDefiningOp();
  for (int distance = 0; distance < kMaxDistance; ++distance)
    if (qtrain::onlyMovesElements(op) || isa_and_nonnull<qtrain::BiasAddOp>(op))
      op = op->getOperand(0).getDefiningOp();
  auto layer = dyn_cast_or_null<qtrain::LayerOpInterface>(op);
  if (!layer)
    return Value();
  Value weight = layer.getWeight();
  while (Operation *view = weight.getDefiningOp())
    weight = view->getOperand(0);
  return weight;
}

FailureOr<Value> qtc::onnx_import::addBias(NodeContext &node, Value value,
                                           ConstantView bias, Factor factor) {
  Shape shape(qtrain::getShape(value));
  Value sums = getLayerResult(value);
  if (qtrain::getShape(sums)[1] == shape[1])
    value = sums;
  // If a weight is tied, its bias is tied, too.
  const void *owner = bias.use;
  if (Value weight = findLayerWeight(value))
    owner = weight.getAsOpaquePointer();
  bias.reshape({shape[1]}, node.getLoc());
  FailureOr<Value> parameter = node.getParameter(bias, owner, factor);
  if (failed(parameter))
    return failure();
  Value sum = node.create<qtrain::BiasAddOp>(qtrain::getShape(value), value,
                                             *parameter);
  return node.reshape(sum, shape);
}

static LogicalResult checkChannels(NodeContext &node, int64_t channels,
                                   ArrayRef<int64_t> weight, int64_t group) {
  if (group < 1 || weight[0] % group != 0)
    return node.refuse() << "attribute 'group' is " << group
                         << ", which does not divide the " << weight[0]
                         << " output channels";
  if (channels % group == 0 && channels / group == weight[1])
    return success();
  return node.refuse() << "expected " << group << " x " << weight[1]
                       << " input channels for a weight of shape "
                       << formatShape(weight) << ", but got " << channels;
}

/// Reads the weight and lifts it to rank 4.
static FailureOr<ConstantView> getFilter(NodeContext &node) {
  FailureOr<ConstantView> weight = node.getWeight(1, "weight");
  if (failed(weight))
    return failure();
  if (weight->shape.size() != getSpatialRank(node) + 2)
    return node.refuse() << "expected a weight of rank "
                         << getSpatialRank(node) + 2 << ", but got shape "
                         << formatShape(weight->shape);
  if (weight->shape.size() == 3) {
    Shape shape = weight->shape;
    shape.insert(shape.begin() + 2, 1);
    weight->reshape(shape, node.getLoc());
  }
  return weight;
}

static FailureOr<WindowAttributes> getConvWindow(NodeContext &node,
                                                 ArrayRef<int64_t> filter) {
  size_t rank = getSpatialRank(node);
  WindowAttributes attributes;
  if (failed(attributes.read(node, rank)))
    return failure();
  ArrayRef<int64_t> kernel = filter.take_back(rank);
  if (!attributes.kernel.empty() && ArrayRef(attributes.kernel) != kernel)
    return node.refuse() << "attribute 'kernel_shape' is "
                         << formatShape(attributes.kernel)
                         << ", but the weight's kernel is "
                         << formatShape(kernel);
  attributes.kernel.assign(kernel.begin(), kernel.end());
  if (failed(attributes.check(node, rank)))
    return failure();
  attributes.lift();
  return attributes;
}

LogicalResult qtc::onnx_import::importConv(NodeContext &node) {
  FailureOr<Value> input = getImages(node);
  if (failed(input))
    return failure();
  FailureOr<ConstantView> weight = getFilter(node);
  if (failed(weight))
    return failure();
  ArrayRef<int64_t> shape = qtrain::getShape(*input);
  int64_t group = 1;
  if (failed(node.read("group", group)) ||
      failed(checkChannels(node, shape[1], weight->shape, group)))
    return failure();
  FailureOr<WindowAttributes> attributes = getConvWindow(node, weight->shape);
  if (failed(attributes))
    return failure();
  FailureOr<Geometry> geometry =
      computeGeometry(node, *attributes, shape.drop_front(2));
  if (failed(geometry))
    return failure();
  int64_t channels = weight->shape[0];
  Shape result = {shape[0], channels, geometry->extents[0],
                  geometry->extents[1]};
  if (failed(node.checkShape(result)))
    return failure();
  std::optional<ConstantView> bias;
  if (node.hasInput(2)) {
    FailureOr<ConstantView> view = node.getWeight(2, "bias");
    if (failed(view))
      return failure();
    if (ArrayRef(view->shape) != ArrayRef(channels))
      return node.refuse() << "expected a bias of shape " << channels
                           << ", but got " << formatShape(view->shape);
    // Exporters compute zeros for a convolution without bias.
    if (node.isComputedZero(*view))
      node.getImporter().leaveOutBias();
    else
      bias = *view;
  }
  FailureOr<Value> filter = node.getParameter(*weight, /*owner=*/nullptr);
  if (failed(filter))
    return failure();
  FailureOr<Value> value =
      node.create<qtrain::Conv2DOp>(result, *input, *filter, geometry->window,
                                    node.getBuilder().getI64IntegerAttr(group));
  if (bias)
    value = addBias(node, *value, *bias);
  if (failed(value))
    return failure();
  return setImages(node, *value);
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Refuses windows that lie entirely in padding.
static LogicalResult checkWindowsTouch(NodeContext &node,
                                       const Geometry &geometry,
                                       ArrayRef<int64_t> input) {
  qtrain::WindowAttr window = geometry.window;
  for (unsigned dim : {0u, 1u}) {
    int64_t stride = window.getStrides()[dim], pad = window.getPads()[dim];
    int64_t dilation = window.getDilations()[dim];
    auto touches = [&](int64_t position) {
      int64_t first = position * stride - pad;
      if (first < 0)
        first += llvm::divideCeil(-first, dilation) * dilation;
      return first < input[dim] &&
             first < position * stride - pad + window.getSpan(dim);
    };
    // Only windows that begin in the padding, and the last window, can miss it.
    int64_t extent = geometry.extents[dim];
    int64_t begin = std::min(extent, pad / stride + 1);
    for (int64_t position = 0; position < begin; ++position)
      if (!touches(position))
        return node.refuse() << "a window lies in the padding alone";
    if (!touches(extent - 1))
      return node.refuse() << "the last window lies in the padding alone";
  }
  return success();
}

/// Reads the attributes that MaxPool and AveragePool share.
static FailureOr<Geometry> getPoolGeometry(NodeContext &node, Value input) {
  size_t rank = getSpatialRank(node);
  WindowAttributes attributes;
  if (failed(attributes.read(node, rank)) ||
      failed(node.read("ceil_mode", attributes.ceilMode)) ||
      failed(attributes.check(node, rank)))
    return failure();
  attributes.lift();
  ArrayRef<int64_t> extents = qtrain::getShape(input).drop_front(2);
  FailureOr<Geometry> geometry = computeGeometry(node, attributes, extents);
  if (failed(geometry) || failed(checkWindowsTouch(node, *geometry, extents)))
    return failure();
  return geometry;
}

static Shape getPooledShape(Value input, const Geometry &geometry) {
  ArrayRef<int64_t> shape = qtrain::getShape(input);
  return {shape[0], shape[1], geometry.extents[0], geometry.extents[1]};
}

LogicalResult qtc::onnx_import::importMaxPool(NodeContext &node) {
  // The order of the Indices output, which must not be used.
  int64_t storageOrder = 0;
  FailureOr<Value> input = getImages(node);
  if (failed(input) || failed(node.read("storage_order", storageOrder)))
    return failure();
  FailureOr<Geometry> geometry = getPoolGeometry(node, *input);
  if (failed(geometry))
    return failure();
  Shape shape = getPooledShape(*input, *geometry);
  if (failed(node.checkShape(shape)))
    return failure();
  return setImages(
      node, node.create<qtrain::MaxPool2DOp>(shape, *input, geometry->window));
}

LogicalResult qtc::onnx_import::importAveragePool(NodeContext &node) {
  int64_t countIncludePad = 0;
  FailureOr<Value> input = getImages(node);
  if (failed(input) || failed(node.read("count_include_pad", countIncludePad)))
    return failure();
  FailureOr<Geometry> geometry = getPoolGeometry(node, *input);
  if (failed(geometry))
    return failure();
  Shape shape = getPooledShape(*input, *geometry);
  if (failed(node.checkShape(shape)))
    return failure();
  UnitAttr flag;
  if (countIncludePad != 0)
    flag = node.getBuilder().getUnitAttr();
  return setImages(node, node.create<qtrain::AveragePool2DOp>(
                             shape, *input, geometry->window, flag));
}

/// One window over the spatial dimensions marked in `reduced`.
static qtrain::WindowAttr getReducingWindow(NodeContext &node, Value input,
                                            bool reduceRows,
                                            bool reduceColumns) {
  ArrayRef<int64_t> shape = qtrain::getShape(input);
  Shape kernel = {reduceRows ? shape[2] : 1, reduceColumns ? shape[3] : 1};
  return qtrain::WindowAttr::get(node.getBuilder().getContext(), kernel,
                                 /*strides=*/kernel, /*pads=*/{0, 0, 0, 0},
                                 /*dilations=*/{1, 1});
}

LogicalResult qtc::onnx_import::importGlobalPool(NodeContext &node) {
  FailureOr<Value> input = getImages(node);
  if (failed(input))
    return failure();
  ArrayRef<int64_t> shape = qtrain::getShape(*input);
  Shape result = {shape[0], shape[1], 1, 1};
  qtrain::WindowAttr window = getReducingWindow(node, *input, true, true);
  Value value;
  if (node.getOpType() == "GlobalMaxPool")
    value = node.create<qtrain::MaxPool2DOp>(result, *input, window);
  else
    value = node.create<qtrain::AveragePool2DOp>(result, *input, window,
                                                 UnitAttr());
  return setImages(node, value);
}

FailureOr<std::optional<Shape>>
qtc::onnx_import::readReducedAxes(NodeContext &node, int64_t rank) {
  Shape axes;
  int64_t noopWithEmptyAxes = 0;
  if (failed(node.read("axes", axes)) ||
      failed(node.read("noop_with_empty_axes", noopWithEmptyAxes)))
    return failure();
  if (node.hasInput(1)) {
    FailureOr<Shape> integers = node.getIntegers(1);
    if (failed(integers))
      return failure();
    axes = *integers;
  }
  if (axes.empty() && noopWithEmptyAxes == 0)
    return std::optional<Shape>();
  for (int64_t &axis : axes) {
    FailureOr<int64_t> normalized = node.normalizeAxis(axis, rank);
    if (failed(normalized))
      return failure();
    axis = *normalized;
  }
  llvm::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return std::optional<Shape>(axes);
}

/// Axes of a reduction over spatial dimensions.
static FailureOr<Shape> getSpatialAxes(NodeContext &node, int64_t rank) {
  FailureOr<std::optional<Shape>> axes = readReducedAxes(node, rank);
  if (failed(axes))
    return failure();
  StringRef what = node.getOpType() == "ReduceMax" ? "maximum" : "mean";
  if (!*axes)
    return node.refuse() << "a " << what
                         << " over all dimensions is not supported";
  for (int64_t axis : **axes)
    if (axis < 2)
      return node.refuse() << "a " << what << " over dimension " << axis
                           << " is not supported; expected the spatial ones";
  return **axes;
}

/// A mean or a maximum over space is a pool of one window.
LogicalResult qtc::onnx_import::importReduction(NodeContext &node) {
  FailureOr<Value> input = getImages(node);
  if (failed(input))
    return failure();
  Shape shape = node.getInput(0).getShape();
  int64_t keepDims = 1;
  FailureOr<Shape> axes = getSpatialAxes(node, shape.size());
  if (failed(axes) || failed(node.read("keepdims", keepDims)))
    return failure();
  auto isReduced = [&](int64_t axis) {
    return llvm::is_contained(*axes, axis);
  };
  // Dimension i of an input of rank 3 is dimension i + 1 of the images.
  int64_t columns = shape.size() - 1;
  bool reduceRows = shape.size() == 4 && isReduced(2);
  qtrain::WindowAttr window =
      getReducingWindow(node, *input, reduceRows, isReduced(columns));
  Shape pooled(qtrain::getShape(*input));
  if (reduceRows)
    pooled[2] = 1;
  if (isReduced(columns))
    pooled[3] = 1;
  Shape result;
  for (auto [axis, extent] : llvm::enumerate(shape))
    if (!isReduced(axis))
      result.push_back(extent);
    else if (keepDims != 0)
      result.push_back(1);
  Value value = node.getOpType() == "ReduceMax"
                    ? node.create<qtrain::MaxPool2DOp>(pooled, *input, window)
                    : node.create<qtrain::AveragePool2DOp>(pooled, *input,
                                                           window, UnitAttr());
  return node.setActivation(node.reshape(value, result));
}
