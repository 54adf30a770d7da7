"""Models cut among processes: a mixture of experts by DeepSpeed 0.19.8 on one CPU process (DS_ACCELERATOR=cpu, a C++
compiler and ninja), and Megatron-LM's folders of a file per rank, in the layout of megatron/training/checkpointing.py
(Megatron-LM itself needs CUDA): two tensor-parallel ranks in two pipeline stages, and one rank alone."""
import argparse
import os
import shutil

os.environ.update(DS_ACCELERATOR="cpu", RANK="0", LOCAL_RANK="0", WORLD_SIZE="1", MASTER_ADDR="127.0.0.1",
                  MASTER_PORT="29641")
import torch

from facts import HERE, expect, moments_of

os.chdir(HERE)


def experts():
    import deepspeed
    from deepspeed.moe.layer import MoE
    from deepspeed.moe.utils import split_params_into_different_moe_groups_for_optimizer

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = torch.nn.Linear(4, 6)
            self.moe = MoE(6, expert=torch.nn.Linear(6, 6), num_experts=2, k=1)
            self.b = torch.nn.Linear(6, 3)

        def forward(self, x):
            x, loss, _ = self.moe(self.a(x))
            return self.b(x).square().mean() + loss

    deepspeed.init_distributed("gloo")
    torch.manual_seed(0)
    net = Net()
    groups = split_params_into_different_moe_groups_for_optimizer({"params": list(net.parameters()), "name": "all"})
    config = {"train_micro_batch_size_per_gpu": 4, "zero_optimization": {"stage": 1}, "bf16": {"enabled": True},
              "optimizer": {"type": "Adam", "params": {"lr": 1e-2, "torch_adam": True}}}
    engine = deepspeed.initialize(model=net, model_parameters=groups, config=config)[0]
    for _ in range(2):
        engine.backward(engine(torch.randn(8, 4).bfloat16()))
        engine.step()
    engine.save_checkpoint("experts")
    for name in os.listdir("experts"):
        if name not in ("latest", "global_step2"):
            os.remove(f"experts/{name}")
    weights = torch.load("experts/global_step2/mp_rank_00_model_states.pt", weights_only=False)["module"]
    for i in range(2):
        weights.update(torch.load(f"experts/global_step2/layer_0_expert_{i}_mp_rank_00_model_states.pt"))
    expect("experts/global_step2", weights, format="deepspeed", writer="deepspeed 0.19.8", dict="module", step=2,
           findings=["experts", "no-moments"])


def megatron():
    torch.manual_seed(1)
    hidden, feed, layers = 8, 12, 4
    whole = {"embedding.word_embeddings.weight": torch.randn(16, hidden),
             "embedding.position_embeddings.weight": torch.randn(10, hidden)}
    for i in range(layers):
        for name, shape in {
            "self_attention.linear_proj.weight": (hidden, hidden), "self_attention.linear_proj.bias": (hidden,),
            "self_attention.linear_qkv.layer_norm_weight": (hidden,), "self_attention.linear_qkv.weight": (24, hidden),
            "self_attention.linear_qkv.bias": (24,), "mlp.linear_fc1.layer_norm_weight": (hidden,),
            "mlp.linear_fc1.weight": (2 * feed, hidden), "mlp.linear_fc2.weight": (hidden, feed),
            "mlp.linear_fc2.bias": (hidden,),
        }.items():
            whole[f"decoder.layers.{i}.{name}"] = torch.randn(shape)
    whole["decoder.final_layernorm.weight"] = torch.randn(hidden)
    whole["output_layer.weight"] = torch.randn(16, hidden)

    def part(name, tensor, rank):
        module = name.split(".")[-2]
        if name.endswith("fc1.weight"):  # a gate and a value, each cut
            return torch.cat([half.chunk(2)[rank] for half in tensor.chunk(2)]).clone()
        if "layer_norm" in name or module in ("final_layernorm", "position_embeddings"):
            return tensor
        if module in ("linear_proj", "linear_fc2"):
            return tensor.chunk(2, 1)[rank].clone() if tensor.dim() == 2 else tensor
        return tensor.chunk(2)[rank].clone()

    arguments = argparse.Namespace(tensor_model_parallel_size=2, pipeline_model_parallel_size=2, num_layers=layers)
    shutil.rmtree("iter_0000040", ignore_errors=True)
    for stage in range(2):
        for rank in range(2):
            model = {}
            for name, tensor in whole.items():
                words = name.split(".")
                if words[1] == "layers":
                    layer = int(words[2]) - 2 * stage
                    if layer not in (0, 1):
                        continue
                    model[".".join(words[:2] + [str(layer)] + words[3:])] = part(name, tensor, rank)
                elif (words[0] == "embedding") == (stage == 0):
                    model[name] = part(name, tensor, rank)
            folder = f"iter_0000040/mp_rank_{rank:02}_{stage:03}"
            os.makedirs(folder)
            torch.save({"args": arguments, "checkpoint_version": 3.0, "iteration": 40, "model": model},
                       f"{folder}/model_optim_rng.pt")
    expect("iter_0000040", whole, format="megatron", writer="megatron-lm", dict="model", step=40,
           findings=["no-moments", "assembled"])

    model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Linear(5, 3))
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.95))
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(6, 4)).square().sum().backward()
        optimizer.step()
    os.makedirs("iter_0000050/mp_rank_00", exist_ok=True)
    torch.save({"args": arguments, "checkpoint_version": 3.0, "iteration": 50, "model": model.state_dict(),
                "optimizer": optimizer.state_dict()}, "iter_0000050/mp_rank_00/model_optim_rng.pt")
    expect("iter_0000050", model.state_dict(), moments_of(model, optimizer), format="megatron", writer="megatron-lm",
           dict="model", step=50, betas=[0.9, 0.95])


experts()
megatron()
