//===- LayerSettings.cpp - Training options of single layers --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Pipelines/LayerSettings.h"

#include "compiler/Support/ModelPass.h"
#include "compiler/Support/NodeLocation.h"
#include "dialect/QTrain/IR/QTrain.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/GlobPattern.h"

#include <cmath>

using namespace mlir;
using namespace qtc;
using namespace qtc::qtrain;

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

static llvm::Error refuse(StringRef option, const llvm::Twine &problem) {
  return llvm::createStringError("option '" + option + "': " + problem);
}

static llvm::Error checkPattern(const LayerSetting &setting) {
  if (setting.pattern.empty())
    return refuse(setting.option, "expected a pattern, but got ''");
  llvm::Expected<llvm::GlobPattern> glob =
      llvm::GlobPattern::create(setting.pattern);
  if (glob)
    return llvm::Error::success();
  return refuse(setting.option, "expected a shell pattern, but got '" +
                                    setting.pattern +
                                    "': " + llvm::toString(glob.takeError()));
}

static llvm::Error parseFrozen(StringRef text, const Scheme &,
                               LayerSetting &setting) {
  if (text != "true" && text != "false")
    return refuse(setting.option,
                  "expected frozen=true or frozen=false, but got frozen=" +
                      text);
  setting.frozen = text == "true";
  return llvm::Error::success();
}

llvm::Expected<double> qtc::parseFactor(StringRef option, StringRef key,
                                        StringRef what, StringRef text,
                                        const Scheme &scheme) {
  double factor = 0;
  bool isNumber = llvm::to_float(text, factor) && factor > 0 &&
                  std::isnormal(static_cast<float>(factor));
  if (!isNumber)
    return refuse(option, "expected a positive " + key +
                              " in single precision, a factor on " + what +
                              ", but got " + key + "=" + text);
  // More octaves shift everything out.
  constexpr int kMaxOctaves = 16;
  int exponent = 0;
  bool isPower = std::frexp(factor, &exponent) == 0.5;
  if (scheme.anyRate ||
      (isPower && exponent - 1 >= -kMaxOctaves && exponent - 1 <= kMaxOctaves))
    return factor;
  return refuse(option, "scheme " + scheme.name + " counts " + what +
                            " in octaves; expected a " + key +
                            " that is a power of two from 1/65536 to 65536, as "
                            "a decimal, but got " +
                            key + "=" + text);
}

static llvm::Error parseRate(StringRef text, const Scheme &scheme,
                             LayerSetting &setting) {
  double zero = 1;
  if (llvm::to_float(text, zero) && zero == 0)
    return refuse(
        setting.option,
        "expected a positive rate in single precision, but got rate=" + text +
            "; use frozen=true to stop");
  llvm::Expected<double> rate =
      parseFactor(setting.option, "rate", "the learning rate", text, scheme);
  if (!rate)
    return rate.takeError();
  setting.rate = *rate;
  return llvm::Error::success();
}

/// Reads one of `choices` of a scheme into `value`.
static llvm::Error parseChoice(StringRef key, StringRef text,
                               const Scheme &scheme,
                               llvm::ArrayRef<StringRef> choices,
                               const LayerSetting &setting,
                               std::optional<int64_t> &value) {
  if (choices.empty())
    return refuse(setting.option,
                  "scheme " + scheme.name + " has no choice of " + key +
                      " for single layers, but got " + key + "=" + text);
  int64_t number = 0;
  if (!llvm::is_contained(choices, text) || text.getAsInteger(10, number))
    return refuse(setting.option,
                  "expected " + key + "=" +
                      llvm::join(choices, (" or " + key + "=").str()) +
                      ", but got " + key + "=" + text);
  value = number;
  return llvm::Error::success();
}

static llvm::Error parseWeightBits(StringRef text, const Scheme &scheme,
                                   LayerSetting &setting) {
  return parseChoice("weight-bits", text, scheme, scheme.weightBits, setting,
                     setting.weightBits);
}

static llvm::Error parseHeadroom(StringRef text, const Scheme &scheme,
                                 LayerSetting &setting) {
  return parseChoice("headroom", text, scheme, scheme.headrooms, setting,
                     setting.headroom);
}

namespace {
struct LayerKey {
  StringRef name, values;
  llvm::Error (*parse)(StringRef, const Scheme &, LayerSetting &);
};
} // namespace

static constexpr LayerKey kKeys[] = {
    {"frozen", "true or false", parseFrozen},
    {"rate",
     "a factor on the learning rate, for integer schemes a power of two",
     parseRate},
    {"weight-bits", "8 or 16, for niti", parseWeightBits},
    {"headroom", "0 to 7, for niti", parseHeadroom},
};

static std::string listKeys() {
  return llvm::join(
      llvm::map_range(kKeys, [](const LayerKey &key) { return key.name; }),
      ", ");
}

std::string qtc::describeLayerKeys() {
  return llvm::join(
      llvm::map_range(kKeys,
                      [](const LayerKey &key) {
                        return (key.name + " (" + key.values + ")").str();
                      }),
      ", ");
}

std::string LayerSetting::spell() const {
  SmallVector<std::string> values;
  if (frozen)
    values.push_back(*frozen ? "frozen=true" : "frozen=false");
  if (rate)
    values.push_back("rate=" + spellNumber(*rate));
  if (weightBits)
    values.push_back("weight-bits=" + std::to_string(*weightBits));
  if (headroom)
    values.push_back("headroom=" + std::to_string(*headroom));
  return pattern + ":" + llvm::join(values, ",");
}

llvm::Expected<LayerSetting> qtc::parseFreeze(StringRef text) {
  LayerSetting setting{"--freeze", text.str(), /*frozen=*/true};
  if (llvm::Error error = checkPattern(setting))
    return std::move(error);
  return setting;
}

llvm::Expected<LayerSetting> qtc::parseLayer(StringRef text,
                                             const Scheme &scheme) {
  // Names of nodes and parameters may contain colons.
  size_t colon = text.rfind(':');
  LayerSetting setting{"--layer", text.take_front(colon).str()};
  if (colon == StringRef::npos)
    return refuse(setting.option,
                  "expected PATTERN:key=value[,key=value] with the keys " +
                      listKeys() + ", but got '" + text + "'");
  if (llvm::Error error = checkPattern(setting))
    return std::move(error);
  SmallVector<StringRef> entries;
  text.drop_front(colon + 1).split(entries, ',');
  for (StringRef entry : entries) {
    auto [name, value] = entry.split('=');
    const auto *key =
        llvm::find_if(kKeys, [name = name](const LayerKey &known) {
          return known.name == name;
        });
    if (key == std::end(kKeys))
      return refuse(setting.option, "expected one of the keys " + listKeys() +
                                        ", but got '" + entry + "'");
    if (llvm::Error error = key->parse(value, scheme, setting))
      return std::move(error);
  }
  return setting;
}

//===----------------------------------------------------------------------===//
// Application
//===----------------------------------------------------------------------===//

namespace {
/// A parameter, with the names that select it.
struct NamedParameter {
  ParameterOp op;
  llvm::SmallSetVector<StringRef, 4> names;
};
} // namespace

/// Adds the names of the nodes that use `value`, a parameter or a view of one.
static void addNodes(Value value, llvm::SmallSetVector<StringRef, 4> &names) {
  for (Operation *user : value.getUsers())
    if (onlyMovesElements(user))
      addNodes(user->getResult(0), names);
    else if (std::optional<ModelNode> node = findModelNode(user->getLoc()))
      if (!node->opType.empty())
        names.insert(node->name);
}

/// The parameters that a step would update.
static SmallVector<NamedParameter> findParameters(ModuleOp module) {
  SymbolTable symbols(module);
  SmallVector<NamedParameter> parameters;
  for (func::FuncOp function : getDefinedFunctions(module))
    for (BlockArgument argument : function.getArguments()) {
      auto symbol = function.getArgAttrOfType<FlatSymbolRefAttr>(
          argument.getArgNumber(), QTrainDialect::kParameterAttrName);
      auto parameter = symbol ? symbols.lookup<ParameterOp>(symbol.getValue())
                              : ParameterOp();
      if (!parameter || parameter.getKind() != StateKind::Parameter)
        continue;
      NamedParameter &entry = parameters.emplace_back();
      entry.op = parameter;
      entry.names.insert(parameter.getTensorName());
      addNodes(argument, entry.names);
    }
  return parameters;
}

/// The names that are most like `pattern`, for an error.
static std::string listNearNames(StringRef pattern,
                                 ArrayRef<NamedParameter> parameters) {
  constexpr size_t kMaxListed = 3;
  std::string plain;
  for (char letter : pattern)
    if (letter != '*' && letter != '?')
      plain += letter;
  llvm::SetVector<StringRef> names;
  for (const NamedParameter &parameter : parameters)
    names.insert(parameter.names.begin(), parameter.names.end());
  SmallVector<std::pair<unsigned, StringRef>> ranked;
  for (StringRef name : names)
    ranked.emplace_back(
        name.contains(plain) ? 0 : name.edit_distance(StringRef(plain)), name);
  llvm::stable_sort(ranked, llvm::less_first());
  ranked.truncate(std::min(ranked.size(), kMaxListed));
  return llvm::join(llvm::map_range(ranked,
                                    [](const auto &entry) {
                                      return ("'" + entry.second + "'").str();
                                    }),
                    ", ");
}

static void apply(const LayerSetting &setting, ParameterOp parameter) {
  Builder builder(parameter.getContext());
  if (setting.frozen)
    parameter.setFrozen(*setting.frozen);
  if (setting.rate)
    parameter.setRateAttr(builder.getF64FloatAttr(*setting.rate));
  if (setting.weightBits)
    parameter.setWeightBitsAttr(builder.getI64IntegerAttr(*setting.weightBits));
  if (setting.headroom)
    parameter.setHeadroomAttr(builder.getI64IntegerAttr(*setting.headroom));
}

llvm::Error qtc::applyLayerSettings(ModuleOp module,
                                    ArrayRef<LayerSetting> settings) {
  if (settings.empty())
    return llvm::Error::success();
  SmallVector<NamedParameter> parameters = findParameters(module);
  for (const LayerSetting &setting : settings) {
    llvm::Expected<llvm::GlobPattern> glob =
        llvm::GlobPattern::create(setting.pattern);
    if (!glob)
      return glob.takeError();
    bool isUsed = false;
    for (NamedParameter &parameter : parameters)
      if (llvm::any_of(parameter.names,
                       [&](StringRef name) { return glob->match(name); })) {
        apply(setting, parameter.op);
        isUsed = true;
      }
    if (!isUsed)
      return refuse(setting.option,
                    "'" + setting.pattern +
                        "' matches no parameter and no node that has one; near "
                        "names: " +
                        listNearNames(setting.pattern, parameters));
  }
  auto isFrozen = [](NamedParameter &entry) { return entry.op.getFrozen(); };
  if (llvm::all_of(parameters, isFrozen))
    return refuse(settings.back().option,
                  "every parameter is frozen, so there is nothing to train; "
                  "expected patterns that leave out some of them");
  return llvm::Error::success();
}
