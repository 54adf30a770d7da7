// Which program wrote a checkpoint, where the keys of what it saved tell.

enum CheckpointWriter {
  /// Its name, with the version where the file has one; nil when the keys do not tell.
  static func name(of root: PickleValue) -> String? {
    if let version = root["pytorch-lightning_version"]?.text { return "lightning \(version)" }
    if let version = root["ds_version"]?.text { return "deepspeed \(version)" }
    if root["train_args"] != nil, root["ema"] != nil || root["model"] != nil {
      return named("ultralytics", root["version"])
    }
    if let version = root.at("meta", "mmengine_version")?.text { return "mmengine \(version)" }
    if root["iter_num"] != nil, root["model_args"] != nil { return "nanogpt" }
    if root["arch"] != nil, root["state_dict"] != nil, root["epoch"] != nil, root["version"] != nil
    {
      return "timm"
    }
    if root.at("state", "timestamp") != nil {
      return named("composer", root.at("state", "composer_version"))
    }
    if root["checkpoint_version"] != nil, root["args"] != nil, root["iteration"] != nil {
      return "megatron-lm"
    }
    return nil
  }

  private static func named(_ name: String, _ version: PickleValue?) -> String {
    version?.text.map { "\(name) \($0)" } ?? name
  }
}
