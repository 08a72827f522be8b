// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// An ERC-20 token with a counter: who pays the chain's coin gets tokens of it, at a fixed price.
contract Exchange {
    string public name;
    string public symbol;
    uint8 public constant decimals = 18;
    uint256 public immutable tokensPerCoin;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory name_, string memory symbol_, uint256 tokensPerCoin_) {
        name = name_;
        symbol = symbol_;
        tokensPerCoin = tokensPerCoin_;
    }

    /// New tokens for the coins that are paid.
    function buy() external payable {
        uint256 value = msg.value * tokensPerCoin;
        totalSupply += value;
        balanceOf[msg.sender] += value;
        emit Transfer(address(0), msg.sender, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        move(msg.sender, to, value);
        return true;
    }

    /// The same value to each of several wallets: several transfers in one transaction.
    function pay(address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < to.length; i++) {
            move(msg.sender, to[i], value);
        }
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        move(from, to, value);
        return true;
    }

    function move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}
