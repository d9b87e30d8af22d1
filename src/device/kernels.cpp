// Switches of libtorch that tch does not know. What is declared here mirrors ATen/Context.h of the release of libtorch that tch is
// made for; the functions are in its processor's half, which the program links anyway.

namespace at {

class Context {
 public:
  void setDeterministicAlgorithms(bool on, bool warn_only);
  void setDeterministicCuDNN(bool on);
  void setDeterministicFillUninitializedMemory(bool on);
};

Context &globalContext();

}  // namespace at

// Operations that have no fixed order are told on standard error and go on. Memory that nothing has been written to stays as it is:
// libtorch would otherwise fill all of it, which costs time and hides no fault of ours.
extern "C" void drapes_deterministic(bool on) {
  at::Context &context = at::globalContext();
  context.setDeterministicAlgorithms(on, true);
  context.setDeterministicCuDNN(on);
  context.setDeterministicFillUninitializedMemory(false);
}
