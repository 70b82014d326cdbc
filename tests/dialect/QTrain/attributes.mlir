// Every attribute and every case of an enumeration prints as it parses.

// RUN: qtc-opt %s -allow-unregistered-dialect | qtc-opt -allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: "test.rounding"()
// CHECK-SAME: [#qtrain.rounding<nearest>, #qtrain.rounding<even>, #qtrain.rounding<floor0>, #qtrain.rounding<pseudo>, #qtrain.rounding<stochastic>]
"test.rounding"() {cases = [#qtrain.rounding<nearest>, #qtrain.rounding<even>, #qtrain.rounding<floor0>,
                            #qtrain.rounding<pseudo>, #qtrain.rounding<stochastic>]} : () -> ()

// CHECK-LABEL: "test.loss"()
// CHECK-SAME: [#qtrain.loss<cross_entropy>, #qtrain.loss<sse>]
"test.loss"() {cases = [#qtrain.loss<cross_entropy>, #qtrain.loss<sse>]} : () -> ()

// CHECK-LABEL: "test.exponential"()
// CHECK-SAME: [#qtrain.exponential<fraction>, #qtrain.exponential<paper>]
"test.exponential"() {cases = [#qtrain.exponential<fraction>, #qtrain.exponential<paper>]} : () -> ()

// CHECK-LABEL: "test.purpose"()
// CHECK-SAME: [#qtrain.purpose<gradient_rounding>, #qtrain.purpose<loss_rounding>, #qtrain.purpose<dropout>, #qtrain.purpose<shuffling>, #qtrain.purpose<augmentation>, #qtrain.purpose<initialization>]
"test.purpose"() {cases = [#qtrain.purpose<gradient_rounding>, #qtrain.purpose<loss_rounding>,
                           #qtrain.purpose<dropout>, #qtrain.purpose<shuffling>, #qtrain.purpose<augmentation>,
                           #qtrain.purpose<initialization>]} : () -> ()

// CHECK-LABEL: "test.role"()
// CHECK-SAME: [#qtrain.role<input>, #qtrain.role<target>, #qtrain.role<prediction>, #qtrain.role<exponent>, #qtrain.role<metric>, #qtrain.role<weight>, #qtrain.role<seed>, #qtrain.role<schedule>, #qtrain.role<step>, #qtrain.role<arena>, #qtrain.role<executor>]
"test.role"() {cases = [#qtrain.role<input>, #qtrain.role<target>, #qtrain.role<prediction>, #qtrain.role<exponent>,
                        #qtrain.role<metric>, #qtrain.role<weight>, #qtrain.role<seed>, #qtrain.role<schedule>, #qtrain.role<step>, #qtrain.role<arena>,
                        #qtrain.role<executor>]} : () -> ()

// CHECK-LABEL: "test.layout"()
// CHECK-SAME: #qtrain.channels_last
"test.layout"() {layout = #qtrain.channels_last} : () -> ()

// CHECK-LABEL: "test.window"()
// CHECK-SAME: #qtrain.window<kernel = [3, 5], strides = [1, 2], pads = [0, 1, 2, 3], dilations = [4, 1]>
"test.window"() {window = #qtrain.window<kernel = [3, 5], strides = [1, 2], pads = [0, 1, 2, 3],
                                         dilations = [4, 1]>} : () -> ()
