//===- ModelCheck.cpp - what compiled models promise ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "core/ModelCheck.h"

#include "qtcrt/Error.h"
#include "qtcrt/Isa.h"
#include "qtcrt/Ports.h"
#include "qtcrt/Session.h"
#include "qtcrt/StateHash.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

using namespace qtcrt;

namespace {

/// An example has fewer elements per port.
constexpr uint64_t maxExampleElements = uint64_t{1} << 30;
/// Exponents of mantissas lie within plus and minus this.
constexpr int64_t maxExponent = 64;

void require(bool condition, const char *what) {
  if (!condition)
    fail("the compiled model is inconsistent (", what,
         "); compile it again with the qtc this runtime belongs to");
}

/// The product of the extents; 0 if it is no positive number of 64 bits.
uint64_t countElements(const int64_t *shape, uint32_t rank) {
  uint64_t elements = 1;
  for (uint32_t i = 0; i < rank; ++i)
    if (shape[i] <= 0 ||
        __builtin_mul_overflow(elements, static_cast<uint64_t>(shape[i]),
                               &elements))
      return 0;
  return elements;
}

void checkTensor(const qtcrt_model &model, const qtcrt_tensor &tensor) {
  require(tensor.rank <= 8, "rank of a tensor");
  require(tensor.dtype <= QTCRT_FLOAT32, "type of a tensor");
  require(tensor.kind <= QTCRT_STATE_SCRATCH, "kind of a tensor");
  uint64_t largest = uint64_t{tensor.uniform} * (tensor.levels / 2);
  require(tensor.uniform == 0 ||
              (tensor.levels % 2 == 1 &&
               ((tensor.dtype == QTCRT_INT8 && largest <= 127) ||
                (tensor.dtype == QTCRT_INT16 && largest <= 32767))) ||
              (std::isfinite(uniformBound(tensor)) &&
               tensor.dtype == QTCRT_FLOAT32),
          "initial values of a tensor");
  require(tensor.elements == countElements(tensor.shape, tensor.rank),
          "shape of a tensor");
  uint64_t bytes = tensor.elements * dtypeBytes(tensor.dtype);
  require(tensor.elements <= model.state_bytes && bytes <= model.state_bytes &&
              tensor.offset % 64 == 0 &&
              tensor.offset <= model.state_bytes - bytes,
          "offset of a tensor");
  if (tensor.kind != QTCRT_STATE_EVALUATION)
    return;
  require(tensor.origin < model.tensor_count, "origin of a tensor");
  const qtcrt_tensor &origin = model.tensors[tensor.origin];
  require(origin.kind == QTCRT_STATE_BUFFER && origin.dtype == tensor.dtype &&
              origin.elements == tensor.elements &&
              origin.offset <= model.state_bytes - bytes,
          "origin of a tensor");
}

/// Whether elements of the port's type can stand for what they should.
bool hasValidType(const qtcrt_port &port) {
  switch (port.role) {
  case QTCRT_PORT_INPUT:
    if (port.encoding == QTCRT_ENCODING_NUMBER)
      return port.dtype == QTCRT_FLOAT32 || port.dtype == QTCRT_INT8;
    return port.encoding == QTCRT_ENCODING_PIXEL
               ? port.dtype == QTCRT_UINT8
               : port.encoding == QTCRT_ENCODING_CLASS &&
                     port.dtype == QTCRT_INT32;
  case QTCRT_PORT_TARGET:
    return port.encoding == QTCRT_ENCODING_CLASS
               ? port.dtype == QTCRT_INT32
               : port.encoding == QTCRT_ENCODING_NUMBER &&
                     (port.dtype == QTCRT_FLOAT32 || port.dtype == QTCRT_INT32);
  case QTCRT_PORT_PREDICTION:
    return port.dtype <= QTCRT_INT32 || port.dtype == QTCRT_FLOAT32;
  case QTCRT_PORT_EXPONENT:
    return port.dtype == QTCRT_INT32;
  default:
    return port.encoding == QTCRT_ENCODING_NUMBER &&
           (port.dtype == QTCRT_FLOAT32 || port.dtype == QTCRT_INT64);
  }
}

void checkPort(const qtcrt_port &port) {
  require(port.name != nullptr, "name of a port");
  require(port.role <= QTCRT_PORT_WEIGHT, "role of a port");
  require(port.rank <= 7, "rank of a port");
  require(port.elements > 0 &&
              port.elements == countElements(port.shape, port.rank),
          "shape of a port");
  require(hasValidType(port), "type of a port");
  require(std::abs(int64_t{port.exponent}) <= maxExponent,
          "exponent of a port");
  require(!port.are_shares || (port.role == QTCRT_PORT_TARGET &&
                               port.encoding == QTCRT_ENCODING_NUMBER),
          "shares of a port");
  if (port.role == QTCRT_PORT_EXPONENT)
    return require(port.elements == 1, "shape of an exponent");
  require(port.elements < maxExampleElements, "size of a port");
  bool areClasses =
      port.role <= QTCRT_PORT_TARGET && port.encoding == QTCRT_ENCODING_CLASS;
  require(areClasses ? port.classes > 0 && port.classes <= INT32_MAX
                     : port.classes == 0,
          "classes of a port");
  require(!port.standardized ||
              (port.role == QTCRT_PORT_INPUT &&
               port.encoding == QTCRT_ENCODING_NUMBER && port.rank >= 1),
          "standardization of a port");
}

/// The ports of `output` with `role`.
uint64_t countPorts(const qtcrt_model &model, qtcrt_port_role role,
                    uint64_t output) {
  return static_cast<uint64_t>(std::count_if(
      model.ports, model.ports + model.port_count, [=](const qtcrt_port &port) {
        return port.role == role && port.output == output;
      }));
}

/// Throws unless an output has one port with `role`; `what` names it.
void requireOne(const qtcrt_model &model, qtcrt_port_role role, uint64_t output,
                const char *what) {
  uint64_t count = countPorts(model, role, output);
  if (count != 1)
    fail("output ", inQuotes(model.outputs[output].name), " of the model has ",
         count, " ", what, "s, but this runtime runs models with exactly one ",
         what, " per output; compile a model that has one");
}

void checkTarget(const qtcrt_model &model, uint64_t output) {
  const qtcrt_port &target = targetPort(model, output);
  const qtcrt_port &prediction = predictionPort(model, output);
  uint32_t classes = model.outputs[output].classes;
  if (target.encoding == QTCRT_ENCODING_CLASS) {
    require(classes <= (1 << 24) && classes == target.classes &&
                classes == unitsOf(model, output),
            "classes");
    return require(target.elements * classes == prediction.elements,
                   "shape of the classes");
  }
  require(classes == 0, "classes");
  require(target.rank == prediction.rank &&
              std::equal(target.shape, target.shape + target.rank,
                         prediction.shape),
          "shape of the target");
}

/// The ports of metrics and of their weights.
void checkMetrics(const qtcrt_model &model, uint64_t output) {
  bool areFloats = predictionPort(model, output).dtype == QTCRT_FLOAT32;
  for (uint64_t i = 0; i < model.port_count; ++i) {
    const qtcrt_port &port = model.ports[i];
    if (port.output != output ||
        (port.role != QTCRT_PORT_METRIC && port.role != QTCRT_PORT_WEIGHT))
      continue;
    require((port.dtype == QTCRT_FLOAT32) == areFloats, "type of a metric");
    require(port.elements == positionsOf(model, output), "shape of a metric");
    auto role = static_cast<qtcrt_port_role>(port.role);
    require(findPort(model, role, output, port.name) == &port,
            "names of the metrics");
    require(findPort(model, QTCRT_PORT_METRIC, output, port.name),
            "metric of the weights");
  }
  auto has = [&](const char *name) {
    return findPort(model, QTCRT_PORT_METRIC, output, name) != nullptr;
  };
  require(has(QTCRT_METRIC_LOSS), "loss");
  require(has(QTCRT_METRIC_ACCURACY) == predictsClasses(model, output),
          "accuracy");
}

void checkOutput(const qtcrt_model &model, uint64_t index) {
  const qtcrt_output &output = model.outputs[index];
  require(output.name != nullptr, "name of an output");
  requireOne(model, QTCRT_PORT_TARGET, index, "target");
  requireOne(model, QTCRT_PORT_PREDICTION, index, "prediction");
  const qtcrt_port &prediction = predictionPort(model, index);
  require(prediction.rank >= 1, "shape of the prediction");
  uint64_t exponents = prediction.dtype == QTCRT_FLOAT32 ? 0 : 1;
  require(countPorts(model, QTCRT_PORT_EXPONENT, index) == exponents,
          "exponent of the prediction");
  checkTarget(model, index);
  checkMetrics(model, index);
  require(std::isfinite(output.loss_weight) && output.loss_weight > 0,
          "weight of a loss");
  require(std::isfinite(output.guess_loss) && output.guess_loss >= 0,
          "loss of guessing");
  require(!output.ignores_label || predictsClasses(model, index),
          "ignored label");
}

/// Ports are sorted by role, then by output.
bool isSorted(const qtcrt_port &before, const qtcrt_port &port) {
  return before.role < port.role ||
         (before.role == port.role && before.output <= port.output);
}

void checkPorts(const qtcrt_model &model) {
  require(model.port_count <= QTCRT_MAX_PORTS, "number of ports");
  require(model.output_count > 0, "number of outputs");
  for (uint64_t i = 0; i < model.port_count; ++i) {
    const qtcrt_port &port = model.ports[i];
    checkPort(port);
    require(port.output <
                (port.role == QTCRT_PORT_INPUT ? 1 : model.output_count),
            "output of a port");
    require(i == 0 || isSorted(model.ports[i - 1], port), "order of the ports");
  }
  require(findPort(model, QTCRT_PORT_INPUT), "inputs");
  for (uint64_t i = 0; i < model.output_count; ++i)
    checkOutput(model, i);
}

/// The variants of a batch must lie together, and all batches have the same.
void checkVariants(const qtcrt_model &model) {
  require(model.variant_count > 0, "variants");
  std::vector<int64_t> batches = batchesOf(model);
  VariantRange expected = variantsOf(model, batches.front());
  for (int64_t batch : batches) {
    require(batch > 0 && batch <= (1 << 24), "batch");
    VariantRange variants = variantsOf(model, batch);
    require(std::equal(variants.begin(), variants.end(), expected.begin(),
                       expected.end(),
                       [](const qtcrt_variant &a, const qtcrt_variant &b) {
                         return std::strcmp(a.name, b.name) == 0;
                       }),
            "variants of a batch");
  }
  require(std::set<int64_t>(batches.begin(), batches.end()).size() ==
              batches.size(),
          "order of the variants");
  for (uint64_t i = 0; model.estimate_batches && i < model.variant_count; ++i) {
    const qtcrt_variant &variant = model.variants[i];
    require(variant.device ? variant.device->estimate_count > 0
                           : variant.estimate != nullptr,
            "estimation of statistics");
  }
}

bool isBefore(const qtcrt_tensor &a, const qtcrt_tensor &b) {
  int order = std::strcmp(a.name, b.name);
  return order < 0 || (order == 0 && a.kind < b.kind);
}

} // namespace

float qtcrt::uniformBound(const qtcrt_tensor &tensor) {
  float bound;
  std::memcpy(&bound, &tensor.uniform, sizeof(bound));
  return bound;
}

void qtcrt::checkModel(const qtcrt_model &model) {
  if (model.abi_version != QTCRT_ABI_VERSION ||
      model.struct_size != sizeof(qtcrt_model))
    fail("the model was compiled for version ", model.abi_version,
         " of the runtime's interface, but this runtime has version ",
         QTCRT_ABI_VERSION, "; compile it again");
  checkPorts(model);
  require(model.schedule_kind <= QTCRT_SCHEDULE_LOG2, "schedule");
  checkVariants(model);
  for (uint64_t i = 0; i < model.tensor_count; ++i) {
    checkTensor(model, model.tensors[i]);
    require(i == 0 || isBefore(model.tensors[i - 1], model.tensors[i]),
            "order of the tensors");
  }
}
